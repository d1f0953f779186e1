"""What a run is started with, read from what the command line names."""

from __future__ import annotations

import logging
from hashlib import sha256
from pathlib import Path
from typing import Any

from training.checkpoints import load_network, read_training_record
from training.features.files import load_vgg16
from training.masks import IrregularMasks, MaskFolder, MaskSource
from training.recipe import Recipe
from training.unet import PConvUNet

logger = logging.getLogger(__name__)


def check_photos(digest: str, recipe: Recipe) -> None:
    """Refuse photos that a recipe's figures are not about.

    Raises:
        ValueError: the recipe names another digest.
    """
    if recipe.data_sha256 not in (None, digest):
        raise ValueError(
            f"The recipe is for photos of digest {recipe.data_sha256}, these have {digest}: "
            "give the same folders in the same order, or pass --other-photos."
        )


def file_digest(path: Path | None) -> str | None:
    """SHA-256 of a file; None of no file.

    Raises:
        FileNotFoundError: there is no such file.
    """
    if path is None:
        return None
    if not path.is_file():
        raise FileNotFoundError(f"No file at {path}.")
    return sha256(path.read_bytes()).hexdigest()


def read_vgg(path: Path | None, recipe: Recipe) -> dict[str, Any] | None:
    """VGG16's weights, from a file or the cache; None where no stage needs them.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is another file.
    """
    return load_vgg16(path) if recipe.need_features else None


def mask_source(folder: Path | None) -> MaskSource:
    """Masks of a folder, or drawn ones where none is named."""
    return MaskFolder(folder) if folder else IrregularMasks()


def earlier_runs(weights: Path | None) -> dict[str, Any]:
    """The runs that made the weights that this one begins with, oldest first, if they are known."""
    try:
        record = read_training_record(weights) if weights else {}
        if not record:
            return {}
        run = {name: record[name] for name in ("recipe", "steps", "minutes")}
        return {"before": [*record.get("before", []), run]}
    except (ValueError, KeyError, TypeError) as error:
        logger.warning("The record of %s is not taken over: %r", weights, error)
        return {}


def build_network(weights: Path | None, recipe: Recipe) -> PConvUNet:
    """The recipe's network, with given weights if there are any.

    Raises:
        ValueError: the weights are of a network of another size.
    """
    network = PConvUNet(**recipe.network.model_dump())
    if weights:
        given = load_network(weights)
        wanted = recipe.network.model_dump()
        sizes = {name: given.get_config()[name] for name in wanted}
        if sizes != wanted:
            raise ValueError(
                f"The weights are of a network with {sizes}, the recipe wants {wanted}."
            )
        network.set_weights(given.get_weights())
    return network
