"""`python -m export MODEL -o FILE`: a trained network becomes an ONNX file."""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

    from export.verify import Tolerance
    from training.unet import PConvUNet

DESCRIPTION = """\
Turn a trained network (.keras) into one self-contained ONNX file and check it against Keras: uint8
pictures and masks in (0 is known, anything else is hole), uint8 predictions out, any batch, height
and width that is a multiple of the stride. A file that fails the check is not written."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("model", type=Path, help="the trained network, a .keras file")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="the ONNX file to write"
    )
    parser.add_argument("--name", help="name kept in the file (default: the model file's name)")
    parser.add_argument(
        "--version",
        default=installed_version("pconv-inpainting"),
        help="version kept in the file (default: %(default)s)",
    )
    parser.add_argument(
        "--licence",
        default="unspecified",
        help="terms of the weights, kept in the file (default: %(default)s)",
    )
    parser.add_argument(
        "--float16-weights",
        action="store_true",
        help="store weights as float16 to halve the file; computed with as float32 all the same",
    )


def run(arguments: argparse.Namespace) -> int:
    """Convert, check, print both, write.

    Returns:
        The exit status: 0, or 1 where the check failed.
    """
    # Slow, and Keras must not be imported before its backend is chosen.
    from export import half_weights, metadata, nodes, verify
    from export.convert import to_onnx
    from export.files import write_model
    from export.fold import fold_network
    from training.checkpoints import load_network

    training = metadata.read_training_record(arguments.model)
    network = load_network(arguments.model)
    model = to_onnx(fold_network(network))
    print(nodes.as_line(nodes.count_nodes(model)))
    properties = metadata.describe(
        name=arguments.name or arguments.model.stem,
        version=arguments.version,
        stride=network.stride,
        training=training,
        licence=arguments.licence,
    )
    metadata.write_properties(model, properties)

    agrees = _agrees(model, network, verify.SAME_WEIGHTS)
    if agrees and arguments.float16_weights:
        half_weights.store_weights_as_half(model)
        print("With float16 weights:")
        agrees = _agrees(model, network, verify.ROUNDED_WEIGHTS)
    if not agrees:
        message = f"The file differs from the network; {arguments.output} was not written."
        print(message, file=sys.stderr)
        return 1
    write_model(model, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e6:.1f} MB")
    return 0


def _agrees(model: onnx.ModelProto, network: PConvUNet, tolerance: Tolerance) -> bool:
    from export import verify

    results = verify.compare(model, network)
    print(verify.as_table(results, tolerance))
    return all(result.holds(tolerance) for result in results)
