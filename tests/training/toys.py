"""What trains in no time: a network of one convolution, a VGG16 of four features, a few photos."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from training.drawing.holes import pack
from training.features import vgg16
from training.learning.store import Photos, PhotoStore
from training.recipe import Stage

SIDE = 16
PIXELS = {"perceptual": 0, "style_prediction": 0, "style_composite": 0}


def toy_stage(weights=(), **values):
    """A stage of two crops of 16 pixels with pixel terms, for `weights` in addition."""
    return Stage.model_validate(
        {
            "name": "toy",
            "steps": 4,
            "batch_size": 2,
            "crop_size": SIDE,
            "learning_rate": 1e-2,
            "weights": {**PIXELS, **dict(weights)},
            **values,
        }
    )


class ToyCall:
    """Stands for `NetworkCall`: a convolution of picture and mask, a bias, a running mean."""

    def __call__(self, params, stats, image, mask, norm):
        kernel, bias = params
        x = jnp.concatenate([image * mask, mask], axis=-1)
        dimensions = ("NHWC", "HWIO", "NHWC")
        y = lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=dimensions) + bias
        still = norm in (None, "frozen")
        return y, stats if still else [0.9 * stats[0] + 0.1 * y.mean((0, 1, 2))]

    def learns(self, norm):
        return [norm != "encoder_frozen", True]

    def arrays(self):
        rng = np.random.default_rng(0)
        kernel = rng.normal(scale=0.2, size=(3, 3, 4, 3)).astype(np.float32)
        return [jnp.asarray(kernel), jnp.full(3, 0.5)], [jnp.zeros(3)]


def toy_photos(count=5, height=20, width=28):
    """Canvases of random photos; the last photo is small and lies on its side."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    sizes = np.tile(np.int32([height, width, 0]), (count, 1))
    sizes[-1] = SIDE, SIDE + 2, 1
    return Photos(pixels, sizes, np.ones(count, np.float32))


def toy_masks(count=6, side=SIDE):
    """Masks `(count, side, side)` with a box as hole, 1 = known."""
    masks = np.ones((count, side, side), np.uint8)
    for number, mask in enumerate(masks):
        mask[3 + number % 3 : 11, 2 : 9 + number % 4] = 0
    return masks


def toy_data(vgg=None):
    """What a step draws from, on the device."""
    fixed = {"masks": jnp.asarray(pack(toy_masks())), "vgg": dict(vgg or {})}
    return {**PhotoStore(toy_photos()).at(0), **fixed}


def narrow_vgg(width=4):
    """VGG16's layers with `width` features each, random, and LPIPS's linear layers."""
    rng = np.random.default_rng(0)
    arrays, channels = {}, 3
    for name in vgg16.CONVOLUTIONS:
        deviation = np.float32(np.sqrt(2 / (9 * channels)))
        arrays[f"{name}/kernel"] = rng.standard_normal((3, 3, channels, width), np.float32)
        arrays[f"{name}/kernel"] *= deviation
        arrays[f"{name}/bias"] = np.zeros(width, np.float32)
        channels = width
    arrays |= {f"lin{depth}": rng.random(width, np.float32) for depth in range(5)}
    return arrays
