"""`python -m service health`: a container's health check. Imports no framework, to be quick."""

import argparse
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence

from service.environment import PREFIX

# A container's HTTP_PROXY is for the world outside.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ANY_ADDRESS = ("", "0.0.0.0", "::")  # a server that listens everywhere is asked on this machine


def main(argv: Sequence[str]) -> int:
    """Ask a running server; returns 0 if it answers that it is ready, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m service health",
        description="Ask a running server whether it is ready. Exit code 0 if so, 1 if not.",
    )
    parser.add_argument(
        "--url",
        default=default_url(),
        help=f"address of the server (default: from {PREFIX}HOST and {PREFIX}PORT, %(default)s)",
    )
    parser.add_argument("--live", action="store_true", help="ask whether it is alive, not ready")
    parser.add_argument(
        "--timeout", type=float, default=3.0, help="seconds to wait (default: %(default)s)"
    )
    options = parser.parse_args(argv)
    check = "live" if options.live else "ready"
    return ask(f"{options.url.rstrip('/')}/health/{check}", options.timeout)


def default_url() -> str:
    """The address of a server on this machine with the settings of this environment."""
    host = os.environ.get(f"{PREFIX}HOST", "127.0.0.1")
    port = os.environ.get(f"{PREFIX}PORT", "8000")
    host = "127.0.0.1" if host in ANY_ADDRESS else host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def ask(url: str, timeout_s: float) -> int:
    """Print what a server answers; returns the exit code."""
    try:
        with DIRECT.open(url, timeout=timeout_s) as answer:
            print(answer.read().decode())
            return 0
    except urllib.error.HTTPError as error:
        with error:
            print(error.read().decode(), file=sys.stderr)
    except OSError as error:
        print(f"{url} does not answer: {error}", file=sys.stderr)
    return 1
