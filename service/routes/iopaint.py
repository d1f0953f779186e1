"""The part of IOPaint's API that its web app and its clients need to erase things from photos."""

import base64
import binascii
import io
from collections.abc import AsyncIterator
from typing import BinaryIO, Literal

import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from service.errors import ClientGone, InvalidRequest
from service.http.openapi import image_response, shaped_responses
from service.http.problems import Problem, describe_errors
from service.pipeline import Work
from service.record import record_of
from service.runtime import Runtime

PREFIX = "/api/v1/"
PATH = "/api/v1/inpaint"

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
    """The fields that mean something here; all others are accepted and ignored."""

    model_config = ConfigDict(extra="ignore")

    image: str = Field(description="the photo in base64, with or without data:...;base64, before")
    mask: str = Field(description="the mask in base64, likewise; white is hole")


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
    name = runtime.engine.info.name
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
    runtime: Runtime = request.app.state.runtime
    record = record_of(request.scope)
    # Collected here and not by `request.body`, which would keep it until the photo is answered.
    body = b"".join([chunk async for chunk in _body(request)])
    image, mask = await anyio.to_thread.run_sync(_read, body)
    del body
    work = Work(
        image=image,
        mask=mask,
        invert_mask=False,
        dilate=0,
        output="png",
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


def _read(body: bytes) -> tuple[BinaryIO, BinaryIO]:
    try:
        given = Erase.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequest(
            describe_errors(error.errors(include_input=False, include_url=False))
        ) from error
    return _file(given.image, "image"), _file(given.mask, "mask")


def _file(encoded: str, what: str) -> BinaryIO:
    """The file in a base64 string or in a `data:` URL."""
    if encoded.startswith("data:"):
        encoded = encoded.partition(",")[2]
    try:
        return io.BytesIO(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(f"the {what} is not base64") from error
