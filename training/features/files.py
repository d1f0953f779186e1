"""Where the weights of VGG16 and AlexNet are kept, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.features import alexnet, vgg16

CACHE_NAME = "pconv-inpainting"
COMMAND = "python -m training weights"

Arrays = dict[str, NDArray[Any]]


def cache_folder() -> Path:
    """The user's cache folder of this project; it need not exist."""
    from platformdirs import user_cache_path

    return Path(user_cache_path(CACHE_NAME, appauthor=False))


def cached(network: str) -> Path:
    """Where `vgg16` or `alexnet` lies once the weights command has run."""
    return cache_folder() / f"{network}.npz"


def write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as `.npz`; a kill at any moment leaves what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    temporary.replace(path)


def load_vgg16(path: Path | None = None) -> Arrays:
    """Read VGG16's weights, float32, from a file or from the cache.

    Raises:
        FileNotFoundError: there is no such file; says which command makes it.
        ValueError: the file lacks an array or has one of another shape.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    channels = 3
    names = iter(vgg16.CONVOLUTIONS)
    for depth, (features, count) in enumerate(vgg16.BLOCKS):
        for _ in range(count):
            name = next(names)
            shapes[f"{name}/kernel"] = (3, 3, channels, features)
            shapes[f"{name}/bias"] = (features,)
            channels = features
        shapes[f"lin{depth}"] = (features,)
    return _load(path or cached("vgg16"), shapes)


def load_alexnet(path: Path | None = None) -> Arrays:
    """Read AlexNet's weights, float32, from a file or from the cache.

    Raises:
        FileNotFoundError: there is no such file; says which command makes it.
        ValueError: the file lacks an array or has one of another shape.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    channels = 3
    for depth, (features, side, _, _) in enumerate(alexnet.LAYERS):
        name = alexnet.CONVOLUTIONS[depth]
        shapes[f"{name}/kernel"] = (side, side, channels, features)
        shapes[f"{name}/bias"] = shapes[f"lin{depth}"] = (features,)
        channels = features
    return _load(path or cached("alexnet"), shapes)


def _load(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> Arrays:
    if not path.is_file():
        raise FileNotFoundError(f"No weights at {path}: `{COMMAND}` fetches them, once.")
    try:
        with np.load(path) as file:
            arrays = {name: file[name].astype(np.float32) for name in shapes if name in file.files}
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} is no .npz file: {error}") from error
    for name, shape in shapes.items():
        found = arrays[name].shape if name in arrays else None
        if found != shape:
            raise ValueError(
                f"{path} holds {'no array' if found is None else found} for {name}, not {shape}; "
                f"`{COMMAND}` makes a file that does."
            )
    return arrays
