"""Who may ask: the Origin of a browser's page and the key of a client, before any body is read."""

import hmac
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import OriginRefused, Unauthorized
from service.http.fields import shown
from service.http.origins import forwarded_host, is_own
from service.http.problems import problem_response
from service.keys.key import Key
from service.record import record_of

OWN_PAGE_HEADER = "X-Inpaint-Page"
HEALTH = "/health/"
# Probes, and what holds no secret: the documentation and the page, which asks for a key itself.
KEYLESS = (HEALTH, "/docs", "/openapi.json", "/web/")


class OriginGuard:
    """Refuses requests of browser pages from origins that are not on the list.

    CORS alone only keeps a page from reading the answer, after the work has been done. Pages of
    this very server are no strangers (`/` and `/docs` are such), and are known by one of these:
    - `Sec-Fetch-Site`, which browsers send to https and to this machine, and no page can forge;
    - the header that the service's own page sends: another origin's page could send it only after
      a preflight, which is refused;
    - `Host`, or what a trusted proxy says of it, being the host of `Origin`.

    Files that anybody may read are given to every page: behind a proxy that changes `Host`, the
    page's own modules come with an `Origin` that looks like a stranger's.
    """

    def __init__(
        self, app: ASGIApp, *, origins: Sequence[str], trust_forwarded: bool = False
    ) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._trust_forwarded = trust_forwarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] == "http" and not _is_file(scope):
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and not self._welcome(origin, headers):
                await problem_response(scope, _refusal(origin, headers))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _welcome(self, origin: str, headers: Headers) -> bool:
        if "*" in self._origins or origin in self._origins:
            return True
        if site := headers.get("sec-fetch-site"):
            return site == "same-origin"
        if headers.get(OWN_PAGE_HEADER) is not None:
            return True
        told = forwarded_host(headers) if self._trust_forwarded else None
        host, proto = told or (headers.get("host", ""), None)
        return is_own(origin, host, proto)


def _is_file(scope: Scope) -> bool:
    """Whether this only reads a file of the page or the documentation, or asks for health."""
    return scope["method"] in ("GET", "HEAD") and _keyless(record_of(scope).path)


def _refusal(origin: str, headers: Headers) -> OriginRefused:
    return OriginRefused(
        f"pages of {shown(origin)} may not ask here. If this is the service's own page, let the "
        f"proxy pass the header Host on as it comes; it says {shown(headers.get('host', ''))}. If "
        "not, the server's operator may allow it by INPAINT_CORS_ORIGINS"
    )


class KeyGuard:
    """Asks for a bearer key where keys are set; probes and documentation need none."""

    def __init__(self, app: ASGIApp, *, keys: Sequence[Key]) -> None:
        self._app = app
        self._keys = [(key.secret.encode(), key.name) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] == "http" and self._keys and not _keyless(record_of(scope).path):
            given = Headers(scope=scope).get("authorization", "")
            if (name := self._name_of(given)) is None:
                what = "the key is not valid" if given else "no key was sent"
                refusal = Unauthorized(f"{what}; send the header 'Authorization: Bearer KEY'")
                await problem_response(scope, refusal)(scope, receive, send)
                return
            record_of(scope).key = name
        await self._app(scope, receive, send)

    def _name_of(self, authorization: str) -> str | None:
        """The name of the key in a header, if it is one of the keys."""
        scheme, _, key = authorization.partition(" ")
        given = key.strip().encode()
        # Every key is compared in full, so that time tells nothing about them.
        names = [name for known, name in self._keys if hmac.compare_digest(given, known)]
        return names[0] if names and scheme.lower() == "bearer" else None


def _keyless(path: str) -> bool:
    return path == "/" or path.startswith(KEYLESS)
