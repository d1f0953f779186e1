"""`/jobs/{id}`: photos that are filled while nobody waits; `POST /inpaint` makes such jobs."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from service.errors import JobUnderWay
from service.http.openapi import INPAINT_RESPONSES, REQUEST_ID, RETRY_AFTER, problem_responses
from service.http.prefer import RESPOND_ASYNC
from service.http.problems import Problem, problem_about, problem_response
from service.http.result import ResultResponse
from service.jobs.job import Job, State
from service.record import record_of
from service.runtime import Runtime

PATH = "/jobs/{id}"
RESULT = "/jobs/{id}/result"
EXAMPLE_JOB = "6f3c9d0a41be77520c18d4a95fe2b3601a7c54e8d90b2f16"
POLL_S = 1  # how soon it makes sense to ask again

router = APIRouter(tags=["jobs"])

ID: dict[str, Any] = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "from the `Location` that the request was answered that made the job",
    "schema": {"type": "string"},
    "example": EXAMPLE_JOB,
}


class Progress(BaseModel):
    """How far a job is."""

    done: int = Field(description="steps done", examples=[3])
    total: int = Field(description="steps in all: windows, then groups of holes", examples=[12])


class JobState(BaseModel):
    """A job as it is now."""

    id: str = Field(examples=[EXAMPLE_JOB])
    state: State = Field(
        description="queued: waits for a worker; running; done: the result can be had; failed: the "
        "problem says why",
        examples=["running"],
    )
    progress: Progress | None = Field(
        description="null until the photo has been read, and where it has no hole",
        examples=[{"done": 3, "total": 12}],
    )
    result: str | None = Field(
        description="where the result of a job that is done can be had", examples=[None]
    )
    problem: Problem | None = Field(
        description="what the request would have been answered, if the job failed", examples=[None]
    )
    expires_in_s: int | None = Field(
        description="seconds until a job that has ended is forgotten", examples=[None]
    )


ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "model": JobState,
        "description": "With `Prefer: respond-async`: the request has become a job",
        "headers": {
            "X-Request-ID": REQUEST_ID,
            "Location": {
                "description": "where the job is found",
                "schema": {"type": "string"},
                "example": f"/jobs/{EXAMPLE_JOB}",
            },
            "Preference-Applied": {
                "schema": {"type": "string", "enum": [RESPOND_ASYNC]},
                "example": RESPOND_ASYNC,
            },
            "Retry-After": RETRY_AFTER,
        },
    }
}


@router.get(
    PATH,
    summary="How far is a job?",
    response_model=JobState,
    responses=problem_responses(404),
    openapi_extra={"parameters": [ID]},
)
async def state(request: Request) -> Response:
    """A job is known from its request until `INPAINT_JOB_TTL_S` seconds after its end.

    Where the server has keys, only the key that made a job sees it. Jobs do not outlive the server.
    """
    job = _find(request)
    job.told = job.told or job.state == "failed"
    return state_response(request, job)


@router.get(
    RESULT,
    summary="The result of a job",
    response_class=Response,
    responses=INPAINT_RESPONSES | problem_responses(404, 409),
    openapi_extra={"parameters": [ID]},
)
async def result(request: Request) -> Response:
    """What the request that made the job would have been answered, its problem included.

    Until the job has ended, that is a problem with status 409. The result can be had more than
    once, until the job is forgotten.
    """
    job = _find(request)
    if job.error is not None:
        job.told = True
        return problem_response(request.scope, job.error)
    if not job.ended:
        raise JobUnderWay(f"the job is {job.state}; GET /jobs/{job.id} says how far", POLL_S)
    runtime: Runtime = request.app.state.runtime
    return ResultResponse(job, runtime.settings.upload_idle_s)


@router.delete(
    PATH,
    summary="Cancel a job, or drop its result",
    status_code=204,
    responses=problem_responses(404),
    openapi_extra={"parameters": [ID]},
)
async def forget(request: Request) -> None:
    """The job is not known any more; what of it has not begun is not done."""
    runtime: Runtime = request.app.state.runtime
    runtime.jobs.forget(_find(request))


def accepted_response(request: Request, job: Job) -> Response:
    """The answer to a request that became a job."""
    location = {"Location": _path(request, job), "Preference-Applied": RESPOND_ASYNC}
    return state_response(request, job, 202, location)


def state_response(
    request: Request, job: Job, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A job's state as an answer."""
    content = _state_of(request, job).model_dump()
    polling = {} if job.ended else {"Retry-After": str(POLL_S)}
    return JSONResponse(content, status, (headers or {}) | polling | {"Cache-Control": "no-store"})


def _state_of(request: Request, job: Job) -> JobState:
    runtime: Runtime = request.app.state.runtime
    expires_s = runtime.jobs.expires_in_s(job)
    progress: Any = job.progress and dict(zip(("done", "total"), job.progress, strict=True))
    return JobState(
        id=job.id,
        state=job.state,
        progress=progress,
        result=f"{_path(request, job)}/result" if job.state == "done" else None,
        problem=job.error and problem_about(job.record, job.error),
        expires_in_s=None if expires_s is None else int(expires_s),
    )


def _path(request: Request, job: Job) -> str:
    """Where a job is found, under the path under which a proxy publishes the service."""
    return f"{request.scope.get('root_path', '')}/jobs/{job.id}"


def _find(request: Request) -> Job:
    runtime: Runtime = request.app.state.runtime
    return runtime.jobs.find(request.path_params["id"], record_of(request.scope).key)
