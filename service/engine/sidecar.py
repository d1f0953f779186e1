"""`NAME.toml` beside `NAME.onnx`: what its owner knows of a network and its file does not say."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.engine.base import EngineError

Positive = Annotated[int, Field(ge=1)]


class Sidecar(BaseModel):
    """What a sidecar may say; all of it overrides what the file says, and what is probed.

    Attributes:
        name: Name of the model.
        version: Its version.
        terms: Terms of the weights, one line.
        signature: Name of its signature (`service.engine.signatures`).
        output: Range of its output: `0..255`, `0..1` or `-1..1`.
        mask: What the higher value of its mask marks: `hole` or `known`.
        batch: Most windows of a run.
        sizes: Window sizes in pixels.
        stride: This and the rest: `service.traits.Traits`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str | None = None
    version: str | None = None
    terms: str | None = None
    signature: Literal["pconv", "lama", "lama-web", "migan", "migan-bare"] | None = None
    output: Literal["0..255", "0..1", "-1..1"] | None = None
    mask: Literal["hole", "known"] | None = None
    batch: Positive | None = None
    sizes: Annotated[list[Positive], Field(min_length=1)] | None = None
    stride: Positive | None = None
    reach: Positive | None = None
    lattice: Annotated[int, Field(ge=0, multiple_of=2)] | None = None
    thinnest_hole: Positive | None = None
    predicts_known: bool | None = None
    pixel_bytes: Positive | None = None


def sidecar_of(model: Path) -> Path:
    """Where a model's sidecar would lie."""
    return model.with_suffix(".toml")


def read_sidecar(model: Path) -> Sidecar:
    """Read a model's sidecar; an empty one where there is none.

    Raises:
        EngineError: it cannot be read, has a key that is unknown or a value that cannot be.
    """
    path = sidecar_of(model)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Sidecar()
    except (OSError, ValueError) as error:
        raise EngineError(f"{path} cannot be read: {error}") from error
    if unknown := sorted(content.keys() - Sidecar.model_fields.keys()):
        raise EngineError(
            f"{path} has unknown keys: {', '.join(unknown)}. Known are "
            f"{', '.join(Sidecar.model_fields)}"
        )
    try:
        return Sidecar.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}, not {each['input']!r}"
            for each in error.errors()
        )
        raise EngineError(f"{path}: {problems}") from error
