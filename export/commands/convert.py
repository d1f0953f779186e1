"""`python -m export MODEL -o FILE`: a trained network becomes an ONNX file."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

from export.metadata import TRAITS

if TYPE_CHECKING:
    import onnx

    from export.verify import Tolerance
    from training.unet import PConvUNet

PACKAGE = "pconv-inpainting"
DESCRIPTION = """\
Turn a trained network (.keras or .safetensors) into one self-contained ONNX file and check it
against Keras: uint8 pictures and masks in (0 is known, anything else is hole), uint8 predictions
out, any batch, height and width that is a multiple of the stride. A file that fails the check is
not written."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "model", type=Path, help="the trained network, a .keras or .safetensors file"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="the ONNX file to write"
    )
    texts = parser.add_argument_group(
        "kept in the file", "A .safetensors file brings its own; what is given here replaces them."
    )
    texts.add_argument("--name", help="name (default: the model file's name)")
    texts.add_argument("--version", help=f"version (default: {installed_version(PACKAGE)})")
    texts.add_argument("--licence", help="terms of the weights (default: unspecified)")
    texts.add_argument(
        "--trait",
        action="append",
        default=[],
        type=_trait,
        metavar="NAME=NUMBER",
        help="what the service plans by, where it differs from the service's assumptions (may be "
        "repeated): " + "; ".join(f"{name}: {text}" for name, text in TRAITS.items()),
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
    from training.checkpoints import load_network, read_training_record

    training = read_training_record(arguments.model)
    network = load_network(arguments.model)
    model = to_onnx(fold_network(network))
    print(nodes.as_line(nodes.count_nodes(model)))
    own = _texts(arguments.model)
    properties = metadata.describe(
        name=arguments.name or own.get("name") or arguments.model.stem,
        version=arguments.version or own.get("version") or installed_version(PACKAGE),
        stride=network.stride,
        training=training,
        licence=arguments.licence or own.get("licence") or "unspecified",
        traits={**json.loads(own.get("traits", "{}")), **dict(arguments.trait)},
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


def _trait(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in TRAITS or not number.isdecimal():
        raise argparse.ArgumentTypeError(
            f"{text!r} is not NAME=NUMBER with one of {', '.join(TRAITS)}"
        )
    return name, int(number)


def _texts(model: Path) -> dict[str, str]:
    """What a model file says of itself, if it is of a kind that does."""
    from training import weights_file

    return weights_file.read_header(model) if model.suffix == weights_file.SUFFIX else {}


def _agrees(model: onnx.ModelProto, network: PConvUNet, tolerance: Tolerance) -> bool:
    from export import verify

    results = verify.compare(model, network)
    print(verify.as_table(results, tolerance))
    return all(result.holds(tolerance) for result in results)
