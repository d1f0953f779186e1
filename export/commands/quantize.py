"""`python -m export quantize MODEL.onnx --photos DIR`: the 8-bit variant for CPUs."""

from __future__ import annotations

import argparse
from pathlib import Path

from export.commands.variants import add_output_arguments, read_float32_model, write_accepted

DESCRIPTION = """\
Make a variant whose convolutions compute in 8 bit, about twice as fast on CPUs, by static
quantisation calibrated on photos with irregular holes. The first and the last layer and all mask
arithmetic stay float32. Calibrate on photos that were trained on, accept on others (--val)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_output_arguments(parser)
    parser.add_argument(
        "--photos", type=Path, required=True, metavar="DIR", help="photos to calibrate on"
    )
    parser.add_argument(
        "--count", type=int, default=32, help="how many of them (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of crops and holes (default: 0)")


def run(arguments: argparse.Namespace) -> int:
    """Calibrate, quantise, test, write; the exit status is that of `write_accepted`."""
    from export.calibration import HoledPhotos, crop_side
    from export.quantise import to_int8

    model = read_float32_model(arguments.model)
    calibration = HoledPhotos(arguments.photos, arguments.count, crop_side(model), arguments.seed)
    return write_accepted(to_int8(model, calibration), ".int8.onnx", arguments)
