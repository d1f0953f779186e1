"""The outer door as middleware: who cannot be taken is told so before a body is read."""

from collections.abc import Collection, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import ServiceError
from service.http.inflow import receiving_at
from service.http.outflow import sending_within
from service.http.problems import problem_response
from service.keys.allowances import Allowances
from service.operation.lifecycle import Lifecycle
from service.queueing.admission import Admission
from service.queueing.place import Place
from service.record import record_of

PLACE_KEY = "inpaint.place"


class AdmissionGate:
    """Middleware: refuses inference requests that cannot be taken, before their body is read.

    A client that does not read its answer loses its place after `idle_s` seconds; one that sends
    its body too slowly loses it when another one needs it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        admission: Admission,
        lifecycle: Lifecycle,
        allowances: Allowances,
        paths: Collection[str],
        idle_s: float,
    ) -> None:
        self._app = app
        self._admission = admission
        self._lifecycle = lifecycle
        self._allowances = allowances
        self._paths = frozenset(paths)
        self._idle_s = idle_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection."""
        if not self._is_inference(scope):
            await self._app(scope, receive, send)
            return
        try:
            self._lifecycle.check_accepting()
            key = record_of(scope).key
            with self._admitted(key) as place:
                scope[PLACE_KEY] = place
                received = receiving_at(receive, place)
                await self._app(scope, received, sending_within(send, self._idle_s))
        except ServiceError as refusal:
            await problem_response(scope, refusal)(scope, receive, send)

    @contextmanager
    def _admitted(self, key: str | None) -> Iterator[Place]:
        held = 0 if key is None else self._admission.held_by(key)
        self._allowances.check(key, held, self._admission.average_s)
        with self._admission.admitted(key) as place:
            self._allowances.count(key)
            yield place

    def _is_inference(self, scope: Scope) -> bool:
        return (
            scope["type"] == "http"
            and scope["method"] == "POST"
            and record_of(scope).path in self._paths
        )


def place_of(scope: MutableMapping[str, Any]) -> Place:
    """The place that an admitted request holds."""
    place: Place = scope[PLACE_KEY]
    return place
