"""LPIPS with AlexNet, the distance by which pictures are judged."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from training.features.alexnet import alexnet_features
from training.features.files import cached, load_alexnet
from training.losses.lpips import lpips

Picture = NDArray[np.uint8]


class Distance:
    """LPIPS v0.1 of two pictures `(H, W, 3)` uint8 RGB: 0 for equal ones, about 1 at most.

    Args:
        weights: AlexNet's, as `training.features.files.load_alexnet` reads them.
    """

    def __init__(self, weights: Mapping[str, Any]) -> None:
        self._weights = {name: jnp.asarray(value) for name, value in weights.items()}
        self._features = jax.jit(alexnet_features)
        self._lpips = jax.jit(lpips)
        self._truth: tuple[Picture, Any] | None = None

    def __call__(self, picture: Picture, truth: Picture) -> float:
        """Return the distance; the features of the last truth are kept for the next picture."""
        if self._truth is None or self._truth[0] is not truth:
            self._truth = truth, self._look(truth)
        return float(self._lpips(self._weights, self._look(picture), self._truth[1]))

    def _look(self, picture: Picture) -> Any:
        return self._features(self._weights, jnp.asarray(picture[None], jnp.float32) / 255)


def load_distance(path: Path | None = None) -> Distance | None:
    """Load LPIPS from a file, or from the user's cache; None where the cache has none.

    Raises:
        FileNotFoundError: a file is named and does not exist.
        ValueError: the file holds other arrays.
    """
    if path is None and not cached("alexnet").is_file():
        return None
    return Distance(load_alexnet(path))
