"""The routes of OpenAI's API that its clients need to edit images, so that they work unchanged."""

import base64
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.json_schema import SkipJsonSchema

from service.http.fields import Fields, Format
from service.http.form import open_form, optional_file, options_of, required_file
from service.http.openapi import shaped_responses
from service.http.other_clients import AZURE_QUERY, OPENAI
from service.http.problems import Problem
from service.imaging.encoding import OutputFormat
from service.pipeline import Work
from service.record import record_of
from service.runtime import Runtime

PREFIX = "/v1/"
PATH = "/v1/images/edits"
MODELS = "/v1/models"

router = APIRouter(tags=["other APIs"])


class EditOptions(BaseModel):
    """The options that mean something here."""

    model_config = ConfigDict(extra="forbid")

    model: str | SkipJsonSchema[None] = Field(
        None, description="one of GET /v1/models; any other name means the first of them"
    )
    n: Annotated[int, Field(ge=1, le=1, description="the network gives one answer")] = 1
    output_format: Format = Field("png", description="format of the answer")
    response_format: Literal["b64_json"] = Field("b64_json", description="URLs are not made")
    stream: bool = Field(False, description="must be false: partial images are not made")

    @field_validator("stream")
    @classmethod
    def _whole(cls, stream: bool) -> bool:
        if stream:
            raise ValueError("partial images are not made")
        return stream


# Clients that can send several images call them `image[]`, and masks likewise.
FIELDS = Fields(
    EditOptions,
    files={"image": "image", "image[]": "image", "mask": "mask", "mask[]": "mask"},
    ignored=OPENAI,
    query=AZURE_QUERY,
)


class EditedImage(BaseModel):
    """One answer."""

    b64_json: str = Field(description="the image in base64", examples=["iVBORw0KGgo="])


class Edit(BaseModel):
    """The answer, as OpenAI's clients read it."""

    created: int = Field(description="seconds since 1970", examples=[1735689600])
    data: list[EditedImage] = Field(examples=[[{"b64_json": "iVBORw0KGgo="}]])
    output_format: OutputFormat = Field(examples=["png"])


class Model(BaseModel):
    """The model, as OpenAI's clients read it."""

    id: str = Field(examples=["inpaint"])
    object: Literal["model"] = "model"
    created: int = Field(0, description="not known: 0")
    owned_by: str = "server"


class ModelList(BaseModel):
    """The models there are, the default one first."""

    object: Literal["list"] = "list"
    data: list[Model] = Field(examples=[[{"id": "inpaint", "object": "model"}]])


def error_shape(problem: Problem) -> dict[str, object]:
    """A problem as OpenAI's clients read errors."""
    kind = "invalid_request_error" if problem.status < 500 else "server_error"
    code = "invalid_api_key" if problem.status == 401 else problem.type.rpartition(":")[2]
    message = f"{problem.title}: {problem.detail}"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _request_body() -> dict[str, Any]:
    file = {"type": "string", "format": "binary"}
    options = EditOptions.model_json_schema()["properties"]
    options["model"].pop("default")  # absent, which no value of the field says
    properties = {
        "image": file | {"description": "the photo; image[] is understood too"},
        "mask": file
        | {
            "description": "a PNG or WebP of the photo's size whose transparent part is the hole; "
            "without it the photo's own transparent part is"
        },
        "prompt": {"type": "string", "description": "ignored: the network knows no words"},
        "size": {"type": "string", "description": "ignored: the answer has the photo's size"},
        **options,
    }
    schema = {"type": "object", "required": ["image"], "properties": properties}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


REFUSALS = shaped_responses(error_shape, MODELS, 401, 403)


@router.get(MODELS, summary="The models, as OpenAI's", responses=REFUSALS)
async def models(request: Request) -> ModelList:
    """The default one first. Clients ask to offer a choice, or to see if their key is right."""
    runtime: Runtime = request.app.state.runtime
    return ModelList(data=[Model(id=name) for name in runtime.networks.names])


@router.post(
    PATH,
    summary="Fill the holes of a photo, as OpenAI's image edits",
    responses=shaped_responses(error_shape, PATH),
    openapi_extra={"requestBody": _request_body()},
)
async def edit(request: Request) -> Edit:
    """What `client.images.edit(image=..., mask=..., prompt=...)` sends and reads.

    The transparent part of the mask is the hole. A prompt is accepted and ignored, and so are
    `size`, `quality` and the like, and a `model` that is not one of `/v1/models`. Errors have the
    shape of OpenAI's.
    """
    runtime: Runtime = request.app.state.runtime
    record = record_of(request.scope)
    async with open_form(request, FIELDS, runtime.settings.max_form_parts) as form:
        options = options_of(form, EditOptions)
        ours = options.model if options.model in runtime.networks.names else None
        work = Work(
            image=required_file(form, "image"),
            mask=optional_file(form, "mask"),
            mask_is_alpha=True,
            invert_mask=False,
            dilate=0,
            output=options.output_format,
            model=runtime.networks.choose(ours),
            ticket=record.ticket,
            timings=record.timings,
        )
        await runtime.answer(work, record, request.receive)
    image = EditedImage(b64_json=base64.b64encode(work.answer).decode())
    return Edit(created=int(time.time()), data=[image], output_format=work.output)
