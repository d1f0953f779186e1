"""`python -m export compare MODEL VARIANT --val DIR`: the acceptance test by itself."""

from __future__ import annotations

import argparse
from pathlib import Path

from export.commands.variants import compare

DESCRIPTION = """\
Compare whole-picture PSNR of a model and a variant of it on the evaluation protocol: the central
256x256 pixels of every photo, the same holes in all. Exits with 1 where the variant is too much
worse in any range of hole ratio."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("model", type=Path, help="the model, .onnx or .keras")
    parser.add_argument("variant", type=Path, help="its variant, .onnx or .keras")
    parser.add_argument("--val", type=Path, required=True, metavar="DIR", help="photos to use")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N photos (default: all)")


def run(arguments: argparse.Namespace) -> int:
    """Compare and print; exit status 1 where the variant is refused."""
    accepted = compare(arguments.model, arguments.variant, arguments.val, arguments.limit)
    return 0 if accepted else 1
