"""`GET /model` and `GET /model/{name}`: what is being served, on what, and how it was made."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from service.errors import NoSuchModel
from service.http.fields import shown
from service.http.openapi import no_such_model
from service.networks.network import Network
from service.runtime import Runtime

PATH = "/model/{name}"
NAME: dict[str, Any] = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "one of those in `/v1/models`",
    "schema": {"type": "string"},
    "example": "inpaint",
}

router = APIRouter(tags=["operation"])


class Model(BaseModel):
    """A model and what it runs on."""

    name: str = Field(description="what requests call it", examples=["inpaint"])
    version: str = Field(examples=["1.0"])
    provider: str = Field(description="what computes", examples=["CPUExecutionProvider"])
    precision: str = Field(description="arithmetic of the network", examples=["float32"])
    precision_seconds: dict[str, float] = Field(
        description="seconds of the smallest window by precision, where the faster one was chosen; "
        "float32 is told as it is before it is optimised where that decides already",
        examples=[{"int8": 0.03, "float32": 0.05}],
    )
    terms: str = Field(
        description="terms of the weights, one line",
        examples=["Research and non-commercial use only"],
    )
    signature: str = Field(description="how windows are given to the network", examples=["pconv"])
    stride: int = Field(description="windows are multiples of this many pixels", examples=[128])
    reach: int = Field(description="deeper holes are filled coarse first", examples=[120])
    window_sizes: list[int] = Field(description="in pixels", examples=[[128, 256, 384, 512]])
    max_batch: int = Field(description="most windows of a run", examples=[4])
    runs: int = Field(description="runs that overlap", examples=[2])
    memory_bytes: int = Field(description="taken, by estimate", examples=[318000000])
    metadata: dict[str, object] = Field(
        description="what the model file says of itself: training record, licence, source commit, "
        "and its name where requests call it otherwise",
        examples=[{"licence": "see the model card", "training": {"steps": 30000}}],
    )


class DefaultModel(Model):
    """The default model, and which there are."""

    models: list[str] = Field(
        description="the names of all, the default one first", examples=[["inpaint", "lama"]]
    )


class ModelState(BaseModel):
    """One of the models there are."""

    name: str = Field(examples=["lama"])
    default: bool = Field(description="whether requests get it that name none", examples=[False])
    loaded: bool = Field(description="if not, the first request loads it", examples=[False])
    refusal: str | None = Field(
        description="why it cannot be served, until its file changes; null where it can",
        examples=[None],
    )
    about: Model | None = Field(description="null unless it is loaded", examples=[None])


@router.get("/model", summary="Which model is served?")
async def model(request: Request) -> DefaultModel:
    """The default one: name, version, provider in use, precision, window sizes, training record.

    `models` has the names of all there are.
    """
    runtime: Runtime = request.app.state.runtime
    networks = runtime.networks
    about = _about(networks.default)
    return DefaultModel(**about.model_dump(), models=list(networks.names))


@router.get(
    PATH,
    summary="Is this model loaded?",
    responses=no_such_model(PATH),
    openapi_extra={"parameters": [NAME]},
)
async def model_of(request: Request) -> ModelState:
    """And what is known of it if it is."""
    name: str = request.path_params["name"]
    runtime: Runtime = request.app.state.runtime
    networks = runtime.networks
    if name not in networks.names:
        there = ", ".join(networks.names)
        raise NoSuchModel(f"there is no model {shown(name)}; there are: {there}")
    network = networks.find(name)
    return ModelState(
        name=name,
        default=network is networks.default,
        loaded=network is not None,
        refusal=networks.refusal(name),
        about=network and _about(network),
    )


def _about(network: Network) -> Model:
    info = network.info
    named = {} if info.name == network.name else {"name": info.name}
    return Model(
        name=network.name,
        version=info.version,
        provider=info.provider,
        precision=info.precision,
        precision_seconds=dict(info.precision_seconds),
        terms=info.terms,
        signature=info.signature,
        stride=info.traits.stride,
        reach=info.traits.reach,
        window_sizes=list(info.window_sizes),
        max_batch=info.max_batch,
        runs=info.runs,
        memory_bytes=info.memory_bytes,
        metadata=named | dict(info.metadata),
    )
