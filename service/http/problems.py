"""Errors as answers: problem+json (RFC 9457), or another API's own shape on its routes."""

from collections.abc import Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from service.errors import InvalidRequest, ServiceError
from service.record import Record, record_of

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:inpaint:problem:"


class Problem(BaseModel):
    """Why a request was not answered with an image (RFC 9457)."""

    type: str = Field(description="the kind of problem, for programs")
    title: str = Field(description="the kind of problem in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="this occurrence in words")
    instance: str = Field(description="the path that was asked for")
    request_id: str = Field(description="the request's id, as in the header X-Request-ID")


Shape = Callable[[Problem], object]
"""Turns a problem into the JSON body that another API would send."""


class Shapes:
    """Which shape errors have under which path; `problem+json` where nothing else is said."""

    def __init__(self) -> None:
        self._shapes: dict[str, Shape] = {}

    def register(self, prefix: str, shape: Shape) -> None:
        """Errors of paths that begin with `prefix` are sent in `shape`, as `application/json`."""
        self._shapes[prefix] = shape

    def find(self, path: str) -> Shape | None:
        """The shape of a path, the longest prefix winning."""
        fitting = [prefix for prefix in self._shapes if path.startswith(prefix)]
        return self._shapes[max(fitting, key=len)] if fitting else None


def problem_response(scope: MutableMapping[str, Any], error: ServiceError) -> Response:
    """The answer to a request that failed with a `ServiceError`."""
    return _render(scope, problem_of(scope, error), error.headers)


def problem_of(scope: MutableMapping[str, Any], error: ServiceError) -> Problem:
    """What a client is told about a `ServiceError`; the request's record takes note of it."""
    return _note(scope, error.status, error.slug, error.title, error.detail)


def http_problem_response(scope: MutableMapping[str, Any], error: HTTPException) -> Response:
    """The answer to a request that failed in the framework: no such route, wrong method, ..."""
    phrase = HTTPStatus(error.status_code).phrase
    slug = phrase.lower().replace(" ", "-")
    detail = DETAILS.get(error.status_code, str(error.detail))
    problem = _note(scope, error.status_code, slug, phrase, detail)
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(_methods(scope, headers["Allow"])))
    return _render(scope, problem, headers)


def _methods(scope: MutableMapping[str, Any], allowed: str) -> set[str]:
    """Every method that a path answers; the framework names those of one of its routes."""
    described = scope["app"].openapi()["paths"].get(record_of(scope).route, {})
    methods = {*allowed.split(", "), *(method.upper() for method in described)}
    return methods | ({"HEAD"} if "GET" in methods else set())


DETAILS = {
    404: "there is nothing at this path; GET /docs lists what there is",
    405: "this path does not answer this method; the header Allow lists those it answers",
}


def install_problem_handlers(app: FastAPI) -> None:
    """Make an app answer every error with a problem."""

    async def on_service_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ServiceError)
        return problem_response(request.scope, error)

    async def on_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return http_problem_response(request.scope, error)

    async def on_validation_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_response(request.scope, InvalidRequest(describe_errors(error.errors())))

    app.add_exception_handler(ServiceError, on_service_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_validation_error)


def describe_errors(errors: Any) -> str:
    """Pydantic's list of errors as one sentence: which field, and what is wrong with it."""
    parts = []
    for error in errors:
        place = ".".join(str(part) for part in error["loc"])
        parts.append(f"{place}: {error['msg'][:1].lower()}{error['msg'][1:]}")
    return "; ".join(parts)


def problem_about(record: Record, error: ServiceError) -> Problem:
    """What is told about a `ServiceError` of the request that a record is of."""
    return _problem(record, error.status, error.slug, error.title, error.detail)


def _note(
    scope: MutableMapping[str, Any], status: int, slug: str, title: str, detail: str
) -> Problem:
    record = record_of(scope)
    record.problem = slug
    return _problem(record, status, slug, title, detail)


def _problem(record: Record, status: int, slug: str, title: str, detail: str) -> Problem:
    return Problem(
        type=TYPE_PREFIX + slug,
        title=title,
        status=status,
        detail=detail,
        instance=record.path,
        request_id=record.request_id,
    )


def _render(
    scope: MutableMapping[str, Any], problem: Problem, headers: Mapping[str, str]
) -> Response:
    shape = scope["app"].state.shapes.find(problem.instance) if "app" in scope else None
    if shape is not None:
        return JSONResponse(shape(problem), problem.status, dict(headers))
    return JSONResponse(problem.model_dump(), problem.status, dict(headers), MEDIA_TYPE)
