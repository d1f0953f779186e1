"""`GET /model`: what is being served, on what, and how it was made."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from service.runtime import Runtime

router = APIRouter(tags=["operation"])


class Model(BaseModel):
    """The model and what it runs on."""

    name: str = Field(examples=["inpaint"])
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
    stride: int = Field(description="windows are multiples of this many pixels", examples=[128])
    reach: int = Field(description="deeper holes are filled coarse first", examples=[120])
    window_sizes: list[int] = Field(description="in pixels", examples=[[128, 256, 384, 512]])
    max_batch: int = Field(description="most windows of a run", examples=[4])
    runs: int = Field(description="runs that overlap", examples=[2])
    metadata: dict[str, object] = Field(
        description="what the model file says of itself: training record, licence, source commit",
        examples=[{"licence": "see the model card", "training": {"steps": 30000}}],
    )


@router.get("/model", summary="Which model is served?")
async def model(request: Request) -> Model:
    """Name, version, provider in use, precision, window sizes and training record."""
    runtime: Runtime = request.app.state.runtime
    info = runtime.engine.info
    return Model(
        name=info.name,
        version=info.version,
        provider=info.provider,
        precision=info.precision,
        precision_seconds=dict(info.precision_seconds),
        terms=info.terms,
        stride=info.traits.stride,
        reach=info.traits.reach,
        window_sizes=list(info.window_sizes),
        max_batch=info.max_batch,
        runs=info.runs,
        metadata=dict(info.metadata),
    )
