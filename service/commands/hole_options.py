"""Command-line options that say what is hole, shared by the commands that read photos."""

import argparse


def add_hole_options(parser: argparse.ArgumentParser) -> None:
    """Add `--invert-mask` and `--dilate`, which mean the same as the fields of the HTTP API."""
    parser.add_argument("--invert-mask", action="store_true", help="black is hole instead of white")
    parser.add_argument(
        "--dilate",
        type=pixels,
        default=0,
        metavar="PX",
        help="grow the hole by this many pixels, 0 to 256 (default: %(default)s)",
    )


def pixels(text: str) -> int:
    """A number of pixels from 0 to 256.

    Raises:
        ValueError: not a whole number.
        argparse.ArgumentTypeError: out of range.
    """
    value = int(text)
    if not 0 <= value <= 256:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and 256")
    return value
