"""Who may ask: the Origin of a browser's page and the key of a client, before any body is read."""

import hmac
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import OriginRefused, Unauthorized
from service.http.problems import problem_response
from service.record import record_of

HEALTH = "/health/"
# Probes, and what holds no secret: the documentation and the page, which asks for a key itself.
KEYLESS = (HEALTH, "/docs", "/openapi.json", "/web/")


class OriginGuard:
    """Refuses requests of browser pages from origins that are not on the list.

    CORS alone only keeps a page from reading the answer, after the work has been done. A page from
    this very server (its `Origin` has the host that is asked) is no stranger: `/docs` is one.
    """

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and not self._welcome(origin, headers.get("host", "")):
                refusal = OriginRefused("the origin of this page is not on the server's list")
                await problem_response(scope, refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _welcome(self, origin: str, host: str) -> bool:
        if "*" in self._origins or origin in self._origins:
            return True
        return bool(host) and origin.partition("://")[2] == host


class KeyGuard:
    """Asks for a bearer key where keys are set; probes and documentation need none."""

    def __init__(self, app: ASGIApp, *, keys: Sequence[str]) -> None:
        self._app = app
        self._keys = [key.encode() for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if scope["type"] == "http" and self._keys and not _keyless(record_of(scope).path):
            given = Headers(scope=scope).get("authorization", "")
            if not self._known(given):
                what = "the key is not valid" if given else "no key was sent"
                refusal = Unauthorized(f"{what}; send the header 'Authorization: Bearer KEY'")
                await problem_response(scope, refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _known(self, authorization: str) -> bool:
        scheme, _, key = authorization.partition(" ")
        given = key.strip().encode()
        # Every key is compared in full, so that time tells nothing about them.
        matches = [hmac.compare_digest(given, known) for known in self._keys]
        return scheme.lower() == "bearer" and any(matches)


def _keyless(path: str) -> bool:
    return path == "/" or path.startswith(KEYLESS)
