"""Origins of pages: as browsers send them, and whether one is the server's own."""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

PAIR = re.compile(r'\b(host|proto)="?([^";,]+)', re.IGNORECASE)
DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_as_sent(text: str) -> str:
    """An origin as a browser writes it into `Origin`, from how people write it.

    A slash at the end, capital letters and the scheme's own port are taken away, since no browser
    sends them. `*` (any page) and `null` (pages without an origin) stay what they are.

    Raises:
        ValueError: it is no origin, and would match no page; says why.
    """
    if text in ("*", "null"):
        return text
    what = f"{text!r} is no origin such as https://photos.example:8443"
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from error
    if not url.scheme or not url.hostname:
        raise ValueError(f"{what}: it needs a scheme and a host")
    if url.path not in ("", "/") or url.query or url.fragment or "@" in url.netloc:
        raise ValueError(f"{what}: it ends with the host or its port")
    if "*" in text:
        raise ValueError(f"{what}: * stands for any origin, not for a part of one")
    return f"{url.scheme}://{_host(url.hostname)}{_suffix(url.scheme, port)}"


def is_own(origin: str, host: str, proto: str | None = None) -> bool:
    """Whether a page's origin is the address that its request was sent to.

    Args:
        origin: The header `Origin`.
        host: The header `Host`, or what a proxy says that it was. Where it names no port, any port
            of the origin fits: proxies that pass on the bare name are common (nginx's `$host`).
        proto: The scheme that a proxy says it was asked by, if it does.
    """
    page, asked = _split(origin), _split(f"//{host}")
    if page is None or asked is None or page.scheme not in DEFAULT_PORTS:
        return False
    if proto is not None and proto.lower() != page.scheme:
        return False
    port = page.port or DEFAULT_PORTS[page.scheme]
    return bool(page.hostname) and page.hostname == asked.hostname and asked.port in (None, port)


def forwarded_host(headers: Mapping[str, str]) -> tuple[str, str | None] | None:
    """The host and, if told, the scheme that a client asked for, by what the proxies say.

    The first of several is the client's own. `Forwarded` (RFC 7239) is looked at before the
    `X-Forwarded-` headers.
    """
    first = headers.get("forwarded", "").split(",")[0]
    told = {name.lower(): value.strip() for name, value in PAIR.findall(first)}
    for name in ("host", "proto"):
        first = headers.get(f"x-forwarded-{name}", "").split(",")[0].strip()
        if first:
            told.setdefault(name, first)
    return (told["host"], told.get("proto")) if "host" in told else None


def _split(url: str) -> SplitResult | None:
    """The parts of a URL, or None where a part of it is none (such as a port that is no number)."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _host(name: str) -> str:
    if ":" in name:
        return f"[{name}]"
    return name if name.isascii() else name.encode("idna").decode()


def _suffix(scheme: str, port: int | None) -> str:
    return "" if port in (None, DEFAULT_PORTS.get(scheme)) else f":{port}"
