"""`python -m export half MODEL.onnx`: the float16 variant for GPUs."""

from __future__ import annotations

import argparse

from export.commands.variants import add_output_arguments, read_float32_model, write_accepted

DESCRIPTION = """\
Make a variant that computes features in float16, for GPUs. Mask arithmetic stays float32. On a CPU
it runs too, but no faster than the float32 file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_output_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Convert, test, write; the exit status is that of `write_accepted`."""
    from export.half import to_half

    return write_accepted(to_half(read_float32_model(arguments.model)), ".fp16.onnx", arguments)
