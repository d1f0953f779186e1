"""The schema: what every route takes and every answer looks like, with an example each."""

from typing import Any, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service import errors
from service.http.events import MEDIA_TYPE as EVENTS
from service.http.fields import InpaintOptions
from service.http.problems import MEDIA_TYPE, TYPE_PREFIX, Problem, Shape
from service.texturing import TextureOutcome

PROBLEM_SCHEMA = "#/components/schemas/Problem"
EXAMPLE_ID = "0123456789abcdef0123456789abcdef"
RETRY_AFTER = {"description": "seconds after which to try again", "schema": {"type": "integer"}}
REQUEST_ID = {
    "description": "the request's id, taken from the request or made here",
    "schema": {"type": "string"},
    "example": EXAMPLE_ID,
}

# What each status means, the kind of problem in its example, and the example's words.
OF_JOBS = (404, 409)
PROBLEMS: dict[int, tuple[str, type[errors.ServiceError], str]] = {
    400: (
        "Malformed multipart form",
        errors.MalformedForm,
        "the form ends without its closing boundary",
    ),
    401: (
        "The key is missing or wrong",
        errors.Unauthorized,
        "no key was sent; send the header 'Authorization: Bearer KEY'",
    ),
    403: (
        "The Origin is not on the list",
        errors.OriginRefused,
        "the origin of this page is not on the server's list",
    ),
    404: (
        "There is no such job, or another key has made it",
        errors.NoSuchJob,
        "there is no job of this id: it never was, was deleted, its time is over, or the server "
        "was started anew",
    ),
    408: (
        "The upload stalled, or was too slow to keep its place from others",
        errors.UploadStalled,
        "no byte of the body came for 20 s",
    ),
    409: (
        "The job has not ended",
        errors.JobUnderWay,
        "the job is running; GET /jobs/{id} says how far",
    ),
    413: (
        "The body is too large",
        errors.BodyTooLarge,
        "the body is larger than 134217728 bytes",
    ),
    415: (
        "Not PNG, JPEG or WebP; animated; more than 8 bits a sample",
        errors.UnsupportedImage,
        "the image is an AVIF image; convert it to PNG, JPEG or WebP",
    ),
    422: (
        "No image, a broken image, sizes that differ, a field out of range, a model that there is "
        "not, too many pixels, or nothing known",
        errors.SizesDiffer,
        "the image is 640 x 480 pixels and the mask 320 x 240",
    ),
    429: (
        "Every worker is busy and the queue is full, or a limit of the key is reached; `type` says "
        "which: `queue-full`, `too-many-at-once`, `too-many-requests`, `pixels-spent`",
        errors.QueueFull,
        "20 requests are at work or waiting, which is all there is room for",
    ),
    500: (
        "The service failed",
        errors.InferenceFailed,
        "the model failed on this image",
    ),
    503: (
        "Starting, draining, or too busy to meet the deadline; or the model asked for cannot be "
        "loaded",
        errors.Unavailable,
        "the model is still being warmed up",
    ),
    504: (
        "The deadline passed",
        errors.DeadlinePassed,
        "the request took longer than the 120 s allowed",
    ),
}

OF_REQUESTS = tuple(status for status in PROBLEMS if status not in OF_JOBS)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documentation of problems, for a route's `responses`."""
    return {status: _problem_response(status) for status in statuses}


def shaped_responses(shape: Shape, path: str, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documentation of problems in another API's shape; of all of them if none is named."""
    return {status: _shaped_response(shape, path, status) for status in statuses or OF_REQUESTS}


def _problem_response(status: int) -> dict[str, Any]:
    example = _example(status, "/inpaint").model_dump()
    content = {"schema": {"$ref": PROBLEM_SCHEMA}, "example": example}
    return _response(status) | {"content": {MEDIA_TYPE: content}}


def _shaped_response(shape: Shape, path: str, status: int) -> dict[str, Any]:
    content = {"schema": {"type": "object"}, "example": shape(_example(status, path))}
    return _response(status) | {"content": {"application/json": content}}


def _response(status: int) -> dict[str, Any]:
    headers: dict[str, Any] = {"X-Request-ID": REQUEST_ID}
    if status in (409, 429, 503):
        headers["Retry-After"] = RETRY_AFTER
    return {"description": PROBLEMS[status][0], "headers": headers}


def _example(status: int, path: str) -> Problem:
    _, kind, detail = PROBLEMS[status]
    return _problem_of(kind, detail, path)


def _problem_of(kind: type[errors.ServiceError], detail: str, path: str) -> Problem:
    return Problem(
        type=TYPE_PREFIX + kind.slug,
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=path,
        request_id=EXAMPLE_ID,
    )


def image_response(*kinds: str) -> dict[str, Any]:
    """The documentation of an answer that is an image file of one of some media types."""
    return {
        kind: {
            "schema": {"type": "string", "contentMediaType": kind},
            "example": f"(the bytes of a file of type {kind})",
        }
        for kind in kinds
    }


def no_such_model(path: str) -> dict[int | str, dict[str, Any]]:
    """The documentation of a name that no model has."""
    problem = _problem_of(
        errors.NoSuchModel, "there is no model 'lamma'; there are: inpaint, lama", path
    )
    content = {"schema": {"$ref": PROBLEM_SCHEMA}, "example": problem.model_dump()}
    described = {"description": problem.title, "content": {MEDIA_TYPE: content}}
    return {404: _response(404) | described}


PREFER: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "description": "respond-async: answer 202 at once and fill the photo as a job (RFC 7240)",
    "schema": {"type": "string"},
    "example": "respond-async",
}

EVENTS_RESPONSE: dict[str, Any] = {
    EVENTS: {
        "schema": {"type": "string"},
        "example": 'event: progress\ndata: {"done": 1, "total": 2}\n\n'
        'event: progress\ndata: {"done": 2, "total": 2}\n\n'
        'event: result\ndata: {"media_type": "image/png", "windows": 2, '
        '"texture": "on", "server_timing": "infer;dur=210.00", "image": "iVBORw0KGgo="}\n\n',
    }
}

CROP_HEADERS: dict[str, Any] = {
    "X-Inpaint-Crop": {
        "description": "with `crop`: left, top, width and height of the rectangle that the image "
        "is, in pixels of the upright photo; 0,0,0,0 where nothing changed",
        "schema": {"type": "string"},
        "example": "1200,340,512,300",
    },
    "X-Inpaint-Size": {
        "description": "with `crop`: width and height of the upright photo",
        "schema": {"type": "string"},
        "example": "4000,3000",
    },
}

INPAINT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The inpainted photo",
        "headers": {
            "X-Request-ID": REQUEST_ID,
            "Server-Timing": {
                "description": "milliseconds by step",
                "schema": {"type": "string"},
                "example": "queue;dur=0.10, decode;dur=12.00, mask;dur=2.00, plan;dur=0.50, "
                "composite;dur=3.00, infer;dur=210.00, texture;dur=180.00, encode;dur=40.00",
            },
            "X-Inpaint-Windows": {
                "description": "how many windows the model predicted",
                "schema": {"type": "integer", "minimum": 0},
                "example": 1,
            },
            "X-Inpaint-Texture": {
                "description": "what became of the photo's texture. on: the model's fill was "
                "rebuilt from copies of known pixels; off: that was not asked for; none: there is "
                "no hole, or too little is known around it; late: there was no time for it; "
                "large: it would have taken more memory than it may",
                "schema": {"type": "string", "enum": list(get_args(TextureOutcome))},
                "example": "on",
            },
            "X-Inpaint-Model": {
                "description": "which model filled it, where there are several",
                "schema": {"type": "string"},
                "example": "inpaint",
            },
            **CROP_HEADERS,
        },
        "content": image_response("image/png", "image/webp", "image/jpeg") | EVENTS_RESPONSE,
    },
    204: {
        "description": "With `crop`: nothing changed, so there is nothing to paste",
        "headers": {"X-Request-ID": REQUEST_ID, **CROP_HEADERS},
    },
    **problem_responses(*OF_REQUESTS),
}


def inpaint_request_body() -> dict[str, Any]:
    """The form of `POST /inpaint`, its options taken from the model that checks them."""
    options = InpaintOptions.model_json_schema()["properties"]
    for name, schema in options.items():
        schema.pop("title", None)
        if schema.get("default", "") is None:  # absent, which no value of the field says
            options[name] = {**schema.pop("anyOf")[0], **schema} if "anyOf" in schema else schema
            options[name].pop("default")
    properties = {
        "image": {
            "type": "string",
            "format": "binary",
            "description": "PNG, JPEG or WebP, told by content: grey, grey with alpha, RGB, RGBA, "
            "palette or CMYK with 8 bits a sample",
        },
        "mask": {
            "type": "string",
            "format": "binary",
            "description": "same formats, same size as the image after EXIF orientation. A pixel "
            "is hole where its brightest channel is above 127; on a transparent canvas strokes of "
            "any colour are the hole. Without a mask the image's pixels with alpha below 128 are",
        },
        **options,
    }
    schema = {"type": "object", "required": ["image"], "properties": properties}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def install_openapi(app: FastAPI) -> None:
    """Give an app its schema, with the parts that FastAPI cannot know."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build_openapi(app)
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]


def build_openapi(app: FastAPI) -> dict[str, Any]:
    """The schema of an app's routes with problems on all of them and the bearer key."""
    schema = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
    )
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
    components["securitySchemes"] = {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "asked for where the server has keys (INPAINT_API_KEYS, "
            "INPAINT_API_KEYS_FILE)",
        }
    }
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            _complete(operation, path)
    return schema


def _complete(operation: dict[str, Any], path: str) -> None:
    """Add what holds on every route: refused origins, and keys except for probes."""
    responses = operation["responses"]
    shared = [403] if path.startswith("/health/") else [401, 403]
    for status, response in problem_responses(*shared).items():
        responses.setdefault(str(status), response)
    operation["responses"] = dict(sorted(responses.items()))
    if 401 in shared:
        operation["security"] = [{}, {"key": []}]
