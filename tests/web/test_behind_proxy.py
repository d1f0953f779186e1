"""The demo page behind nginx, set up in the ways that people do."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.servers import connect, wait_for

# By name: what nginx is told to do with headers, and whether it speaks TLS.
SET_UPS = {
    "nothing but proxy_pass": ("", False),
    "Host without its port": ("proxy_set_header Host $host;", False),
    "Host as it came": ("proxy_set_header Host $http_host;", False),
    "forwarded": ("proxy_set_header X-Forwarded-Host $http_host;", False),
    "TLS, nothing but proxy_pass": ("", True),
    "TLS, Host with the port": ("proxy_set_header Host $host:$server_port;", True),
}
STRANGER = """async (url) => {
  const told = [];
  for (const headers of [{}, { 'X-Inpaint-Page': '1' }]) {
    const body = new FormData();
    body.append('image', new Blob(['x']));
    try {
      const answer = await fetch(url + 'inpaint', { method: 'POST', body, headers });
      told.push(answer.status);
    } catch (error) {
      told.push(error.name);
    }
  }
  return told;
}"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def configuration(folder: Path, upstream: str, ports: dict[str, int]) -> str:
    """nginx's configuration with a server for each set-up."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    servers = ""
    for name, (headers, tls) in SET_UPS.items():
        certificate = f"ssl_certificate {folder}/c.pem; ssl_certificate_key {folder}/k.pem;"
        servers += (
            f"server {{ listen 127.0.0.1:{ports[name]}{' ssl' if tls else ''};"
            f"{certificate if tls else ''}"
            f"location / {{ proxy_pass {upstream}; {headers} }} }}"
        )
    # Started by root, its workers would be somebody else, who may not write into the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}"
        f"http {{ access_log off; client_max_body_size 128m; {paths} {servers} }}"
    )


@pytest.fixture(scope="module")
def addresses(service, tmp_path_factory) -> Iterator[dict[str, str]]:
    """The address of the page in each set-up."""
    nginx, openssl = (shutil.which(name) for name in ("nginx", "openssl"))
    if nginx is None or openssl is None:
        pytest.skip("nginx and openssl are not installed (apt-get install nginx-light openssl)")
    folder = tmp_path_factory.mktemp("nginx")
    subject = ["-subj", "/CN=photos.example", "-keyout", folder / "k.pem", "-out", folder / "c.pem"]
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject],
        check=True,
        capture_output=True,
    )
    ports = {name: free_port() for name in SET_UPS}
    written = folder / "nginx.conf"
    written.write_text(configuration(folder, str(service.base_url), ports))
    server = subprocess.Popen([nginx, "-p", str(folder), "-c", str(written)])

    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", max(ports.values()))).close()
        except OSError:
            assert server.poll() is None, (folder / "error.log").read_text()
            return False
        return True

    connect(service).close()
    wait_for(listens)
    yield {
        name: f"http{'s' if SET_UPS[name][1] else ''}://photos.example:{port}/"
        for name, port in ports.items()
    }
    server.terminate()
    server.wait()


@pytest.mark.parametrize("demo", [{"ignore_https_errors": True}], indirect=True)
@pytest.mark.parametrize("name", SET_UPS)
def test_the_page_fills_a_photo(demo, addresses, name):
    demo.open(addresses[name])
    demo.paint((60, 50), (120, 90))
    demo.fill()
    assert demo.sent_hole().any()


@pytest.mark.parametrize("name", [name for name, (_, tls) in SET_UPS.items() if not tls])
def test_a_page_of_a_stranger_is_refused(demo, addresses, name):
    page = demo.page
    page.route("http://evil.example/", lambda route: route.fulfill(body="<title>Evil</title>"))
    page.goto("http://evil.example/")
    assert page.evaluate(STRANGER, addresses[name]) == ["TypeError", "TypeError"]
