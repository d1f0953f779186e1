"""The paper's U-Net of partial convolutions."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from training.partial_conv import PartialConv2D
from training.registration import register

ENCODER_KERNELS = (7, 5, 5)  # then 3, as for the whole decoder
LEAK = 0.2


@register
class PConvUNet(keras.Model):
    """U-Net of partial convolutions (Liu et al. 2018, section 3.3 and appendix, table 2).

    Each encoder level halves the sides; each decoder level doubles them by nearest up-sampling and
    concatenates features and masks of the encoder level of that size. The first level has no batch
    norm; the last layer is linear and joins the decoder with the input picture itself.

    Args:
        levels: number of encoder levels; sides of the input must be multiples of `2 ** levels`.
            The paper has 8.
        width: features of the first level; they double with each level up to `max_width`.
        max_width: most features of a level.
        norm_momentum: momentum of the batch norm's moving statistics.
        **kwargs: passed to `keras.Model`.

    Call arguments:
        inputs: `{"image": (N, H, W, 3) in 0..1, "mask": (N, H, W, 1), 1 = known}`. What lies under
            the hole has no influence.

    Returns:
        Prediction `(N, H, W, 3)` float32, linear: nominally 0..1, not clipped.
    """

    def __init__(
        self,
        levels: int = 7,
        width: int = 64,
        max_width: int = 512,
        norm_momentum: float = 0.9,
        **kwargs: Any,
    ) -> None:
        if levels < 1 or width < 1:
            raise ValueError(f"levels and width must be positive, got {levels} and {width}.")
        widths = [min(width * 2**level, max_width) for level in range(levels)]

        # === Functional model ===
        image = layers.Input((None, None, 3), name="image")
        mask = layers.Input((None, None, 1), name="mask")
        x, m = image, mask
        skips = [(x, m)]
        for level, features in enumerate(widths):
            kernel = ENCODER_KERNELS[level] if level < len(ENCODER_KERNELS) else 3
            normed = level > 0
            name = f"encoder{level + 1}"
            x, m = PartialConv2D(features, kernel, 2, use_bias=not normed, name=name)([x, m])
            if normed:
                x = layers.BatchNormalization(momentum=norm_momentum, name=f"{name}_norm")(x)
            x = layers.ReLU(name=f"{name}_relu")(x)
            skips.append((x, m))

        skips.pop()
        for level in range(levels - 1, 0, -1):
            x, m, groups = _join(x, m, skips.pop(), f"decoder{level + 1}")
            name = f"decoder{level + 1}"
            x, m = PartialConv2D(
                widths[level - 1], 3, feature_groups=groups, use_bias=False, name=name
            )([x, m])
            x = layers.BatchNormalization(momentum=norm_momentum, name=f"{name}_norm")(x)
            x = layers.LeakyReLU(LEAK, name=f"{name}_relu")(x)

        x, m, groups = _join(x, m, skips.pop(), "decoder1")
        prediction, _ = PartialConv2D(
            3,
            3,
            feature_groups=groups,
            kernel_initializer="glorot_uniform",
            bias_initializer=keras.initializers.Constant(0.5),  # mid-grey
            dtype="float32",
            name="decoder1",
        )([x, m])
        super().__init__(inputs={"image": image, "mask": mask}, outputs=prediction, **kwargs)

        # === Config ===
        self.levels = levels
        self.width = width
        self.max_width = max_width
        self.norm_momentum = norm_momentum

    @property
    def stride(self) -> int:
        """Sides of the input must be multiples of this many pixels."""
        return int(2**self.levels)

    def freeze_encoder_norm(self, frozen: bool) -> None:
        """Freeze or thaw the encoder's batch norm: statistics, scale and shift.

        The paper's second stage fine-tunes with it frozen (section 3.3): statistics taken over
        holes disagree with those of the filled features.
        """
        for layer in self.layers:
            if isinstance(layer, layers.BatchNormalization) and layer.name.startswith("encoder"):
                layer.trainable = not frozen

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "trainable": self.trainable,
            "levels": self.levels,
            "width": self.width,
            "max_width": self.max_width,
            "norm_momentum": self.norm_momentum,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> PConvUNet:
        return cls(**config)


def _join(x: Any, mask: Any, skip: tuple[Any, Any], name: str) -> tuple[Any, Any, tuple[int, int]]:
    """Up-sample and concatenate with the skip connection, features and masks alike."""
    skip_x, skip_mask = skip
    groups = (x.shape[-1], skip_x.shape[-1])
    x = layers.UpSampling2D(2, interpolation="nearest", name=f"{name}_up")(x)
    x = layers.Concatenate(name=f"{name}_join")([x, skip_x])
    # Named dtypes keep the masks out of the mixed-precision policy.
    mask = layers.UpSampling2D(2, interpolation="nearest", dtype="float32", name=f"{name}_mask_up")(
        mask
    )
    mask = layers.Concatenate(dtype="float32", name=f"{name}_mask_join")([mask, skip_mask])
    return x, mask, groups
