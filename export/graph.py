"""The inference graph: TensorFlow operations, laid out so that ONNX gets few nodes.

Everything inside is NCHW, ONNX's own layout, so that no transposes are needed between layers.
TensorFlow only traces the graph; on a CPU it could not run it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from export.fold import FoldedConv, FoldedUNet
from export.upsampled_kernel import upsampled_kernel

MERGED_LEVELS = 4
"""In this many decoder levels, the largest, up-sampling merges into the convolution's kernel.

It saves 5 of 9 multiplications but grows the kernel to 16/9 of its size. Deeper down there are few
pixels and large kernels: 1/6 of the gain for 4/5 of the growth.
"""


def inference_function(unet: FoldedUNet) -> Any:
    """The network as a `tf.function` of the ONNX contract.

    Its inputs are `image` (N, H, W, 3) uint8 RGB and `mask` (N, H, W, 1) uint8, 0 = known, anything
    else = hole; it answers `{"prediction": (N, H, W, 3) uint8}`. H and W are multiples of
    `unet.stride`.
    """

    def infer(image: Any, mask: Any) -> dict[str, Any]:
        # Masks compared as booleans and a product along rows instead of along three channels: ONNX
        # Runtime took 6 ms at 512x512 for a minimum and a product in NHWC, and takes 0.4 for this.
        # Moving an axis of length one is no transposition.
        known = tf.expand_dims(tf.squeeze(mask, axis=3), axis=1)
        known = tf.cast(tf.logical_not(tf.cast(known, tf.bool)), tf.float32)
        # Bytes are finite, so this product selects: what lies under the hole becomes exactly 0.
        x = tf.cast(tf.transpose(image, (0, 3, 1, 2)), tf.float32) * known
        x = _u_net(unet, x, known)
        x = tf.raw_ops.ClipByValue(t=x, clip_value_min=0.0, clip_value_max=255.0)
        x = tf.cast(tf.round(x), tf.uint8)
        return {"prediction": tf.transpose(x, (0, 2, 3, 1))}

    signature = [
        tf.TensorSpec((None, None, None, 3), tf.uint8, name="image"),
        tf.TensorSpec((None, None, None, 1), tf.uint8, name="mask"),
    ]
    return tf.function(infer, input_signature=signature)


def _u_net(unet: FoldedUNet, x: Any, known: Any) -> Any:
    """Features and their masks (N, 1, H, W); features are zero wherever their mask is."""
    skips = []
    for layer in unet.encoder:
        skips.append((x, known))
        x, known = _encode(layer, x, known)
    for depth, layer in zip(range(len(unet.decoder), 0, -1), unet.decoder, strict=True):
        x, known = _decode(layer, x, known, *skips.pop(), merged=depth <= MERGED_LEVELS)
    return x


def _encode(layer: FoldedConv, x: Any, known: Any) -> tuple[Any, Any]:
    side = layer.kernel.shape[0]
    count = _conv(known, np.ones((side, side, 1, 1), np.float32), layer.stride)
    y = _conv(x, layer.kernel, layer.stride)
    return _finish(layer, y, count, full=side * side)


def _decode(
    layer: FoldedConv, x: Any, known: Any, skip: Any, skip_known: Any, *, merged: bool
) -> tuple[Any, Any]:
    groups = (x.shape[1], skip.shape[1])
    # Counts stay whole numbers, hence exact, when the groups' sizes have no common divisor.
    weights = np.array(groups) // math.gcd(*groups)
    counter = np.ones((3, 3, 1, 1), np.float32) * weights[:, None].astype(np.float32)
    count = _conv(tf.concat([_double(known), skip_known], axis=1), counter)

    if merged:
        of_x, of_skip = np.split(layer.kernel, groups[:1], axis=2)
        y = _conv_of_doubled(x, of_x) + _conv(skip, of_skip)
    else:
        y = _conv(tf.concat([_double(x), skip], axis=1), layer.kernel)
    return _finish(layer, y, count, full=9 * int(weights.sum()))


def _finish(layer: FoldedConv, y: Any, count: Any, *, full: int) -> tuple[Any, Any]:
    """Equations 1 and 2 after the convolution; `count` is sum(m), `full` is sum(1)."""
    known = tf.minimum(count, 1.0)
    ratio = full / tf.maximum(count, 1.0) * known
    y = y * ratio + layer.shift[:, None, None]
    if layer.slope == 0:
        y = tf.nn.relu(y)
    elif layer.slope != 1:
        y = tf.nn.leaky_relu(y, layer.slope)
    # Hides the shift where nothing is known, so that the next layer finds zeros there.
    return y * known, known


def _double(x: Any) -> Any:
    """Nearest up-sampling by 2. `export.resize` turns this pair into one `Resize`.

    TensorFlow's own operation works on NHWC and wants sizes computed from shapes: five nodes more.
    """
    return _depth_to_space(tf.concat([x, x, x, x], axis=1))


def _conv_of_doubled(x: Any, kernel: Any) -> Any:
    """`_conv(_double(x), kernel)` at the cost of less than half."""
    y = _depth_to_space(_conv(x, upsampled_kernel(kernel), pads=(1, 1)))
    return y[:, :, 1:-1, 1:-1]


def _depth_to_space(x: Any) -> Any:
    return tf.raw_ops.DepthToSpace(input=x, block_size=2, data_format="NCHW")


def _conv(x: Any, kernel: Any, stride: int = 1, pads: tuple[int, int] | None = None) -> Any:
    """Convolution of (N, C, H, W); padded as by "same" for even sides where `pads` is not given."""
    total = kernel.shape[0] - stride
    before, after = pads or (total // 2, total - total // 2)
    return tf.raw_ops.Conv2D(
        input=x,
        filter=tf.constant(kernel),
        strides=[1, 1, stride, stride],
        padding="EXPLICIT",
        explicit_paddings=[0, 0, 0, 0, before, after, before, after],
        data_format="NCHW",
    )
