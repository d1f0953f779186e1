"""The result of a job as an answer: read from disk in pieces, at the pace of who reads it."""

from collections.abc import Iterator

import anyio.to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.errors import NoSuchJob
from service.http.head import HEAD_KEY
from service.http.outflow import sending_within
from service.jobs.job import Job


class ResultResponse(Response):
    """Answers what the request would have been answered that made the job.

    The job takes note when all of it has been sent.

    Args:
        job: A job that is done.
        idle_s: Seconds after which a client that reads nothing is given up.
    """

    def __init__(self, job: Job, idle_s: float) -> None:
        status = 200 if job.result.size else 204  # with `crop`, where nothing changed
        super().__init__(status_code=status, headers=job.headers | {"Cache-Control": "no-store"})
        if job.result.size:
            self.headers["Content-Length"] = str(job.result.size)
        self._job = job
        self._idle_s = idle_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI connection.

        Raises:
            NoSuchJob: it has been deleted since it was found.
            ClientGone: the client stopped reading.
        """
        send = sending_within(send, self._idle_s)
        is_head = HEAD_KEY in scope
        try:
            with self._job.result.reading() as pieces:
                await send(
                    {
                        "type": "http.response.start",
                        "status": self.status_code,
                        "headers": self.raw_headers,
                    }
                )
                while not is_head and (piece := await anyio.to_thread.run_sync(_next, pieces)):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except FileNotFoundError as error:
            raise NoSuchJob("this job has just been deleted") from error
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        self._job.told = self._job.told or not is_head


def _next(pieces: Iterator[bytes]) -> bytes:
    return next(pieces, b"")
