"""The contract's network with random weights, as float32 and 8-bit ONNX files.

Its speed is that of trained weights, and it is the network that the project aims for, while the
bundled model is a small one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import onnx

from benchmarks.sessions import feed
from export.backend import require_tensorflow

require_tensorflow()


def write_float32(path: Path) -> None:
    """Write the float32 graph."""
    from export.convert import to_onnx
    from export.fold import fold_network
    from export.metadata import describe, write_properties
    from training.unet import PConvUNet

    network = PConvUNet()
    model = to_onnx(fold_network(network))
    about = describe(
        name="contract", version="0", stride=network.stride, training={}, licence="none"
    )
    write_properties(model, about)
    onnx.save(model, path)


def write_int8(float32: Path, path: Path) -> None:
    """Write the 8-bit variant of a float32 file, calibrated on noise."""
    from export.metadata import write_properties
    from export.quantise import to_int8

    variant = to_int8(onnx.load(float32), _RandomInputs())
    source = hashlib.sha256(float32.read_bytes()).hexdigest()
    write_properties(variant, {"variant_of": source})
    onnx.save(variant, path)


class _RandomInputs:
    """Calibration inputs for speed alone."""

    def __init__(self) -> None:
        self._rest = iter([feed(256)])

    def get_next(self) -> Any:
        return next(self._rest, None)
