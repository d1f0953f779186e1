"""What the commands that derive a variant from an ONNX file have in common."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

import onnx

from export import metadata, nodes
from export.files import write_model

ALLOWED_DROP = 0.15
"""dB of whole-picture PSNR that a variant may lose, in every range of hole ratio."""


def add_output_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare input, output and the photos for the acceptance test."""
    parser.add_argument("model", type=Path, help="an ONNX file written by python -m export")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="the ONNX file to write (default: beside the model, where the service looks for it)",
    )
    parser.add_argument(
        "--val",
        type=Path,
        metavar="DIR",
        help="compare both on these photos, and write the variant only if whole-picture PSNR drops "
        f"by at most {ALLOWED_DROP} dB in every range of hole ratio",
    )
    parser.add_argument(
        "--limit", type=int, metavar="N", help="use the first N photos of --val (default: all)"
    )


def read_float32_model(path: Path) -> onnx.ModelProto:
    """Read a file that variants can be made of.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an ONNX file of this package, or a variant itself.
    """
    if not path.is_file():
        raise FileNotFoundError(f"No model at {path}.")
    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf's errors differ between its implementations
        raise ValueError(f"{path} is not an ONNX file: {error}") from error
    precision = metadata.read_properties(model).get("precision")
    if precision != "float32":
        raise ValueError(
            f"{path} has precision {precision or 'unknown'}; variants are made of the float32 file "
            "written by python -m export."
        )
    return model


def write_accepted(variant: onnx.ModelProto, suffix: str, arguments: argparse.Namespace) -> int:
    """Write a variant, after the acceptance test if one was asked for.

    Args:
        variant: The variant.
        suffix: Ending by which the service knows it, such as `.int8.onnx`.
        arguments: The command's arguments.

    Returns:
        The exit status: 0, or 1 where the variant paints too badly.
    """
    if arguments.output is None:
        arguments.output = arguments.model.with_suffix(suffix)
    # The service runs a variant only beside the very file that it was made of.
    source = hashlib.sha256(arguments.model.read_bytes()).hexdigest()
    metadata.write_properties(variant, {"variant_of": source})
    onnx.checker.check_model(variant)
    print(nodes.as_line(nodes.count_nodes(variant)))
    if arguments.val is not None and not _accepted(variant, arguments):
        print(f"The variant paints worse; {arguments.output} was not written.", file=sys.stderr)
        return 1
    write_model(variant, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e6:.1f} MB")
    return 0


def _accepted(variant: onnx.ModelProto, arguments: argparse.Namespace) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "variant.onnx")
        write_model(variant, path)
        return compare(arguments.model, path, arguments.val, arguments.limit)


def compare(reference: Path, variant: Path, photos: Path, limit: int | None) -> bool:
    """Print the drops in PSNR; answer whether all are allowed."""
    # It takes far more than `onnx`, which is all that making a float16 variant needs.
    from export.acceptance import as_table, measure_drops

    drops = measure_drops(reference, variant, photos, limit)
    print(as_table(drops, ALLOWED_DROP))
    return all(drop.decibels <= ALLOWED_DROP for drop in drops)
