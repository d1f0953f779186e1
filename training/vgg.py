"""VGG16 features for the perceptual and style losses, from any of three weight sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

BLOCKS = ((64, 2), (128, 2), (256, 3))  # features and number of convolutions up to pool3
CONVOLUTIONS = tuple(
    f"block{block}_conv{index}"
    for block, (_, count) in enumerate(BLOCKS, start=1)
    for index in range(1, count + 1)
)
KERAS_APPLICATIONS = "imagenet"

Weights = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]


@dataclass(frozen=True)
class Preprocessing:
    """How a weight source wants its pictures: `(picture * 255 - mean) / deviation` per channel.

    Attributes:
        bgr: whether the channels come in the order blue, green, red.
        mean: per channel in that order, on the scale 0..255.
        deviation: per channel in that order, on the scale 0..255.
    """

    bgr: bool
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


CAFFE = Preprocessing(bgr=True, mean=(103.939, 116.779, 123.68), deviation=(1.0, 1.0, 1.0))
PYTORCH = Preprocessing(
    bgr=False, mean=(123.675, 116.28, 103.53), deviation=(58.395, 57.12, 57.375)
)

# Root mean square of pool1-3 of the Caffe weights over photos of 256x256.
CAFFE_FEATURE_SCALE = (266.0, 607.0, 675.0)


@dataclass(frozen=True)
class VGGSource:
    """Weights of VGG16 up to pool3 with what belongs to them.

    Attributes:
        name: what the source is called in logs.
        weights: kernel (HWIO) and bias of each name in `CONVOLUTIONS`.
        preprocessing: what the weights were trained with.
        feature_scale: root mean square of pool1-3 over photos, by which features are divided; None
            where no constants are known and they must be measured (see `measure_feature_scale`).
    """

    name: str
    weights: Weights
    preprocessing: Preprocessing
    feature_scale: tuple[float, float, float] | None


def load_vgg_source(source: str | Path) -> VGGSource:
    """Read VGG16 weights.

    Args:
        source: `"imagenet"` for Keras Applications (downloads), an `.npz` with arrays such as
            `block1_conv1/kernel` (Caffe convention: BGR, mean subtracted), or an `.h5` of a Keras
            VGG16 whose weights were ported from PyTorch (RGB, 0..1, ImageNet mean and deviation).

    Raises:
        FileNotFoundError: there is no such file.
        OSError: the download failed.
        ValueError: the file is of another kind or lacks a layer.
    """
    if str(source) == KERAS_APPLICATIONS:
        return VGGSource("Keras Applications", _from_applications(), CAFFE, CAFFE_FEATURE_SCALE)
    path = Path(source)
    if not path.is_file():
        raise FileNotFoundError(f"No VGG16 weights at {path}.")
    if path.suffix == ".npz":
        return VGGSource(path.name, _from_npz(path), CAFFE, CAFFE_FEATURE_SCALE)
    if path.suffix in (".h5", ".hdf5"):
        return VGGSource(path.name, _from_h5(path), PYTORCH, None)
    raise ValueError(f"{path}: VGG16 weights are '{KERAS_APPLICATIONS}', an .npz or an .h5 file.")


def _from_applications() -> Weights:
    try:
        model = keras.applications.VGG16(weights="imagenet", include_top=False)
    except Exception as error:  # which is all that Keras raises when a download fails
        raise OSError(
            f"Keras could not download VGG16's weights: {error}. Give a file of them instead "
            "(--vgg, an .npz or an .h5)."
        ) from error
    return {name: tuple(model.get_layer(name).get_weights()) for name in CONVOLUTIONS}


def _from_npz(path: Path) -> Weights:
    with np.load(path) as arrays:
        try:
            return {
                name: (arrays[f"{name}/kernel"], arrays[f"{name}/bias"]) for name in CONVOLUTIONS
            }
        except KeyError as error:
            raise ValueError(f"{path}: {error.args[0]}") from error


def _from_h5(path: Path) -> Weights:
    """Both of Keras's HDF5 layouts keep a layer's kernel (4-D) and bias (1-D) below its name."""
    weights: Weights = {}
    with h5py.File(path) as file:
        root = file.get("model_weights", file)
        for name in CONVOLUTIONS:
            if name not in root:
                raise ValueError(f"{path} has no layer {name}.")
            arrays: dict[int, NDArray[np.float32]] = {}

            def collect(_: str, item: Any, arrays: dict[int, NDArray[np.float32]] = arrays) -> None:
                if isinstance(item, h5py.Dataset):
                    arrays[item.ndim] = item[()]

            root[name].visititems(collect)
            if set(arrays) != {1, 4}:
                raise ValueError(f"{path}: layer {name} does not hold one kernel and one bias.")
            weights[name] = (arrays[4], arrays[1])
    return weights


class VGGFeatures(keras.Model):
    """Frozen VGG16 up to pool3: the feature maps of the loss (Liu et al. 2018, section 3.3).

    Args:
        source: weights with their preprocessing and feature scale.
        feature_scale: overrides the source's, by which each pool's features are divided so that
            loss weights mean the same whatever the source. None of both: features as they are.

    Call arguments:
        images: `(N, H, W, 3)` RGB, 0..1, sides of at least 8 pixels.

    Returns:
        List of pool1, pool2 and pool3: `(N, H/2, W/2, 64)`, `(N, H/4, W/4, 128)`,
        `(N, H/8, W/8, 256)`.
    """

    def __init__(
        self, source: VGGSource, feature_scale: Sequence[float] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.preprocessing = source.preprocessing
        self.feature_scale = tuple(feature_scale or source.feature_scale or (1.0, 1.0, 1.0))
        self.blocks = []
        for block, (features, count) in enumerate(BLOCKS, start=1):
            names = [f"block{block}_conv{index}" for index in range(1, count + 1)]
            self.blocks.append(
                [
                    layers.Conv2D(features, 3, padding="same", activation="relu", name=name)
                    for name in names
                ]
            )
        self.pool = layers.MaxPooling2D(2)
        self(np.zeros((1, 8, 8, 3), np.float32))
        for layer in (layer for block in self.blocks for layer in block):
            layer.set_weights(source.weights[layer.name])
        self.trainable = False

    def call(self, images: Any) -> list[Any]:
        x = self._preprocess(images)
        pools = []
        for block, scale in zip(self.blocks, self.feature_scale, strict=True):
            for convolution in block:
                x = convolution(x)
            x = self.pool(x)
            pools.append(x / scale)
        return pools

    def _preprocess(self, images: Any) -> Any:
        x = images[..., ::-1] if self.preprocessing.bgr else images
        mean = np.array(self.preprocessing.mean, np.float32)
        deviation = np.array(self.preprocessing.deviation, np.float32)
        # In one multiply-add: small numbers survive half precision better.
        return ops.cast(x, self.compute_dtype) * (255 / deviation) - mean / deviation


def measure_feature_scale(
    source: VGGSource, photos: NDArray[np.uint8]
) -> tuple[float, float, float]:
    """Root mean square of pool1-3 over photos.

    Args:
        source: the weights to measure.
        photos: `(N, H, W, 3)` RGB uint8; a few dozen of the training size are enough.
    """
    features = VGGFeatures(source, feature_scale=(1.0, 1.0, 1.0))
    squares = np.zeros(len(BLOCKS))
    for photo in photos:
        pools = features(photo[None].astype(np.float32) / 255)
        squares += [
            np.mean(np.square(ops.convert_to_numpy(pool), dtype=np.float64)) for pool in pools
        ]
    pool1, pool2, pool3 = np.sqrt(squares / len(photos)).tolist()
    return pool1, pool2, pool3
