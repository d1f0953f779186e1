"""The description of a training run: every hyper-parameter in one file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Precision = Literal["float32", "mixed_bfloat16"]
Norm = Literal["batch", "encoder_frozen", "frozen"]


class Section(BaseModel):
    """Base of every part of a recipe: unknown keys are errors, values are fixed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LossWeights(Section):
    """Weight of each term of the loss; the defaults are the paper's (end of its section 3.3).

    The features of perceptual and the two styles are divided by constants
    (`training.losses.perceptual`), so their weights are not on the scale of a raw VGG16.
    """

    valid: float = Field(1.0, ge=0, description="l1 on known pixels")
    hole: float = Field(6.0, ge=0, description="l1 on hole pixels")
    perceptual: float = Field(0.05, ge=0, description="l1 of VGG16 features")
    style_prediction: float = Field(120.0, ge=0, description="l1 of the prediction's Gram matrices")
    style_composite: float = Field(120.0, ge=0, description="l1 of the composite's Gram matrices")
    total_variation: float = Field(0.1, ge=0, description="smoothness of the filled hole")
    lpips: float = Field(0.0, ge=0, description="LPIPS of the composite, with VGG16")
    style: float = Field(0.0, ge=0, description="relative l1 of the composite's Gram matrices")
    adversary: float = Field(
        0.0, ge=0, description="discriminator of patches: share of the other gradients' norm"
    )
    heads: float = Field(
        0.0, ge=0, description="discriminators of VGG16 features: share of the terms' gradient norm"
    )

    @property
    def need_features(self) -> bool:
        """Whether any term with a weight above 0 looks at VGG16 features."""
        on_features = (self.perceptual, self.style_prediction, self.style_composite)
        return any((*on_features, self.lpips, self.style, self.heads))


PIXELS_ONLY = {"perceptual": 0, "style_prediction": 0, "style_composite": 0}


class Network(Section):
    """Size of the U-Net."""

    levels: int = Field(7, ge=1, le=9, description="encoder levels; the stride is 2 ** levels")
    width: int = Field(64, ge=1, description="features of the first level")
    max_width: int = Field(512, ge=1, description="most features of a level")


class Augmentation(Section):
    """Random changes of a photo before it is cropped."""

    flip: bool = Field(True, description="mirror left and right")
    min_scale: float = Field(
        1.0,
        ge=0,
        le=1,
        description="smallest random down-scaling; 0: to the photo's short side; never up",
    )
    brightness: float = Field(0.0, ge=0, le=1, description="largest relative change of brightness")
    tint: float = Field(0.0, ge=0, le=1, description="largest relative change of one channel")


class Source(Section):
    """Photos that are drawn more or less often than others."""

    pattern: str = Field(min_length=1, description="of file names, as in a shell: imagenet_*")
    weight: float = Field(ge=0, description="chance of each such photo; without a source it is 1")


class Stage(Section):
    """One stage of training."""

    name: str
    steps: int | None = Field(None, ge=1)
    minutes: float | None = Field(
        None,
        gt=0,
        description="instead of steps, for machines of unknown speed; such a run is not repeatable",
    )
    batch_size: int = Field(6, ge=1)
    crop_size: int = Field(256, ge=8, description="side of the square crops in pixels")
    learning_rate: float = Field(2e-4, gt=0, description="of Adam, at the start")
    final_learning_rate: float | None = Field(
        None, ge=0, description="reached along a cosine; None keeps the rate constant"
    )
    warmup_steps: int = Field(0, ge=0, description="steps of linear growth from 0")
    betas: tuple[float, float] = Field((0.9, 0.999), description="of Adam's two moments")
    clip_norm: float | None = Field(None, gt=0, description="gradients are cut to this norm")
    norm: Norm = Field(
        "batch",
        description="batch norm by the batch's statistics; encoder_frozen: the paper's second "
        "stage; frozen: all by the running statistics",
    )
    discriminator_rate: float = Field(2e-4, gt=0, description="learning rate of the adversary")
    heads_rate: float = Field(4e-4, gt=0, description="learning rate of the heads")
    weight_average: float | None = Field(
        None, gt=0, lt=1, description="momentum of the exponential moving average of weights"
    )
    lattice_share: float = Field(
        0.0, ge=0, le=1, description="share of samples whose hole is a lattice of known pixels"
    )
    block_share: float = Field(
        0.0, ge=0, le=1, description="share of samples whose hole is one large block"
    )
    weights: LossWeights = LossWeights()

    @model_validator(mode="after")
    def _ends_somehow(self) -> Stage:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError(f"stage '{self.name}' needs either steps or minutes")
        return self


class Recipe(Section):
    """A whole run."""

    seed: int = Field(0, ge=0)
    precision: Precision = "float32"
    steps_per_epoch: int = Field(
        500, ge=1, description="steps between checkpoints, validations and sample sheets"
    )
    steps_per_dispatch: int = Field(
        20, ge=1, description="steps that an accelerator makes without asking; a CPU makes one"
    )
    canvas: tuple[int, int] = Field(
        (288, 416),
        description="height and width to which photos are scaled down and cut, once; portraits lie",
    )
    photo_memory: float = Field(
        0.4, gt=0, le=1, description="share of the device's memory that photos may take"
    )
    mask_bank: int = Field(4096, ge=1, description="masks drawn beforehand, each used in 8 ways")
    network: Network = Network()
    augmentation: Augmentation = Augmentation()
    sources: tuple[Source, ...] = Field((), description="the first whose pattern matches counts")
    data_sha256: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="of the list of training photos that the recipe is meant for; None: any",
    )
    stages: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _crops_fit_the_stride(self) -> Recipe:
        stride = 2**self.network.levels
        for stage in self.stages:
            if stage.crop_size > min(self.canvas):
                raise ValueError(
                    f"stage '{stage.name}': crops of {stage.crop_size} pixels do not fit a canvas "
                    f"of {self.canvas[0]}x{self.canvas[1]}"
                )
            if stage.crop_size % max(stride, 4):
                raise ValueError(
                    f"stage '{stage.name}': crop_size {stage.crop_size} is not a multiple of "
                    f"{stride}, the stride of {self.network.levels} levels"
                )
        return self

    @model_validator(mode="after")
    def _stages_have_names_of_their_own(self) -> Recipe:
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise ValueError(f"two stages have one name: {', '.join(names)}")
        return self

    @property
    def need_features(self) -> bool:
        """Whether any stage needs VGG16 features."""
        return any(stage.weights.need_features for stage in self.stages)


def paper_recipe() -> Recipe:
    """The paper's two stages (section 3.3): Adam 2e-4, then 5e-5 with frozen encoder batch norm."""
    return Recipe(
        stages=(
            Stage(name="initial", steps=100_000),
            Stage(name="fine-tune", steps=50_000, learning_rate=5e-5, norm="encoder_frozen"),
        )
    )


def load_recipe(path: str | Path) -> Recipe:
    """Read a recipe from a TOML file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not TOML, or a value is missing, unknown or out of range; says which.
    """
    path = Path(path)
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text()))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'recipe'}: {item['msg']}"
            for item in error.errors()
        )
        raise ValueError(f"{path}: {problems}") from error
