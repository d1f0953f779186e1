"""The part of IOPaint's API that its web app and its clients need to erase things from photos."""

import base64
import io
from collections.abc import AsyncIterator
from typing import BinaryIO, Literal

import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from service.errors import ClientGone, InvalidRequest
from service.http.fields import Fields, shown
from service.http.openapi import image_response, shaped_responses
from service.http.other_clients import IOPAINT
from service.http.problems import Problem
from service.pipeline import Work
from service.record import record_of
from service.runtime import Runtime

PREFIX = "/api/v1/"
PATH = "/api/v1/inpaint"
FROM_URL_ALPHABET = bytes.maketrans(b"-_", b"+/")

router = APIRouter(tags=["other APIs"])


class Model(BaseModel):
    """A model as IOPaint describes one that erases and follows no prompt."""

    name: str = Field(examples=["inpaint"])
    path: str = Field(examples=["inpaint"])
    model_type: Literal["inpaint"] = "inpaint"
    need_prompt: bool = False
    controlnets: list[str] = []
    brushnets: list[str] = []
    is_single_file_diffusers: bool = False
    support_brushnet: bool = False
    support_controlnet: bool = False
    support_lcm_lora: bool = False
    support_outpainting: bool = False
    support_powerpaint_v2: bool = False
    support_strength: bool = False


class ServerConfig(BaseModel):
    """What the web app may offer: this one model and no plugins."""

    modelInfos: list[Model] = Field(examples=[[{"name": "inpaint", "path": "inpaint"}]])  # noqa: N815
    plugins: list[str] = []
    samplers: list[str] = []
    removeBGModel: str = ""  # noqa: N815
    removeBGModels: list[str] = []  # noqa: N815
    realesrganModel: str = ""  # noqa: N815
    realesrganModels: list[str] = []  # noqa: N815
    interactiveSegModel: str = ""  # noqa: N815
    interactiveSegModels: list[str] = []  # noqa: N815
    enableFileManager: bool = False  # noqa: N815
    enableAutoSaving: bool = False  # noqa: N815
    enableControlnet: bool = False  # noqa: N815
    controlnetMethod: str = ""  # noqa: N815
    disableModelSwitch: bool = True  # noqa: N815
    isDesktop: bool = False  # noqa: N815


class GenInfo(BaseModel):
    """Prompts that a generated photo carries."""

    prompt: str = ""
    negative_prompt: str = ""


class Erase(BaseModel):
    """The fields that mean something here; those of other models are known and change nothing."""

    # Others come in to be told by name; none of them is documented.
    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": True})

    image: str = Field(description="the photo in base64, with or without data:...;base64, before")
    mask: str = Field(description="the mask in base64, likewise; white is hole")


FIELDS = Fields(Erase, files={}, ignored=IOPAINT)


def error_shape(problem: Problem) -> dict[str, object]:
    """A problem as IOPaint's web app reads errors."""
    return {
        "error": problem.title,
        "detail": problem.detail,
        "body": "",
        "errors": f"{problem.title}: {problem.detail}",
    }


REFUSALS = shaped_responses(error_shape, PATH, 401, 403)


@router.get("/api/v1/server-config", summary="What IOPaint's web app may offer", responses=REFUSALS)
async def server_config(request: Request) -> ServerConfig:
    """One model, no plugins, no file manager."""
    return ServerConfig(modelInfos=[await model(request)])


@router.get("/api/v1/model", summary="The model, for IOPaint", responses=REFUSALS)
async def model(request: Request) -> Model:
    """Name and abilities of the model."""
    runtime: Runtime = request.app.state.runtime
    name = runtime.networks.default.name
    return Model(name=name, path=name)


@router.get(
    "/api/v1/inputimage",
    summary="The photo to begin with, for IOPaint",
    status_code=204,
    responses=REFUSALS,
)
async def input_image() -> None:
    """There is none: the web app asks for one."""


@router.post(
    "/api/v1/gen-info",
    summary="The prompts that made a photo, for IOPaint",
    responses=shaped_responses(error_shape, "/api/v1/gen-info", 401, 403, 408, 413, 504),
)
async def gen_info(request: Request) -> GenInfo:
    """None: the web app sends every photo here first, and no prompt is of use."""
    async for _ in _body(request):
        pass  # never kept: no queue bounds how many photos come this way
    return GenInfo()


@router.post(
    PATH,
    summary="Fill the holes of a photo, as IOPaint",
    response_class=Response,
    responses={
        200: {"description": "The inpainted photo", "content": image_response("image/png")},
        **shaped_responses(error_shape, PATH),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": Erase.model_json_schema()}},
        }
    },
)
async def erase(request: Request) -> Response:
    """Image and mask are base64 in JSON. The answer is a PNG: known pixels stay as they are."""
    FIELDS.check_query(request.query_params)
    runtime: Runtime = request.app.state.runtime
    record = record_of(request.scope)
    # Collected here and not by `request.body`, which would keep it until the photo is answered.
    body = b"".join([chunk async for chunk in _body(request)])
    content_type = request.headers.get("content-type", "")
    image, mask = await anyio.to_thread.run_sync(_read, body, content_type)
    del body
    work = Work(
        image=image,
        mask=mask,
        invert_mask=False,
        dilate=0,
        output="png",
        model=runtime.networks.choose(None),
        ticket=record.ticket,
        timings=record.timings,
    )
    await runtime.answer(work, record, request.receive)
    return Response(work.answer, media_type="image/png")


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise ClientGone from error


def _read(body: bytes, content_type: str) -> tuple[BinaryIO, BinaryIO]:
    try:
        given = Erase.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequest(_why(error, content_type)) from error
    for name in given.model_extra or ():
        if not FIELDS.is_ignored(name):
            raise FIELDS.unknown(name)
    return _file(given.image, "image"), _file(given.mask, "mask")


def _why(error: ValidationError, content_type: str) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    if problem["loc"]:
        return f"there is no {problem['loc'][0]}; send the file in base64, as a string"
    came = f", but is {shown(content_type)}" if "json" not in content_type else ""
    return f"the body must be JSON, an object with image and mask in base64{came}"


def _file(encoded: str, what: str) -> BinaryIO:
    """The file in a base64 string or in a `data:` URL.

    Line breaks are taken (encoders for mail make them, RFC 2045), and so are the alphabet of URLs
    (RFC 4648, section 5) and missing padding.
    """
    if encoded.startswith("data:"):
        encoded = encoded.partition(",")[2]
    try:
        data = b"".join(encoded.encode("ascii").split()).translate(FROM_URL_ALPHABET).rstrip(b"=")
        return io.BytesIO(base64.b64decode(data + b"=" * (-len(data) % 4), validate=True))
    except ValueError as error:
        raise InvalidRequest(
            f"the {what} is not base64; send the file's bytes in base64, as a string"
        ) from error
