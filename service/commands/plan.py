"""`python -m service plan`: show how a photo's holes would be cut into windows."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image as PillowImage
from pydantic import ValidationError

from service.commands.hole_options import add_hole_options
from service.engine.base import EngineError, in_full
from service.engine.build import build_engine
from service.errors import ServiceError
from service.http.problems import describe_errors
from service.imaging.decoding import decode_photo
from service.imaging.masks import check_hole, decode_mask, dilate, hole_of_transparency
from service.inpainting import plan
from service.inpainting.picture import describe_plan, draw_plan
from service.inpainting.planning import CONTEXT
from service.networks.catalogue import check_there
from service.settings import Settings

EXIT_FAILED = 1
EXIT_SETTINGS = 2
EXIT_ENGINE = 3


def main(argv: Sequence[str]) -> int:
    """Plan, print and draw; returns the exit code."""
    options = _parser().parse_args(argv)
    try:
        settings = Settings()
    except ValidationError as error:
        print(describe_errors(error.errors()), file=sys.stderr)
        return EXIT_SETTINGS
    try:
        return _plan(options, settings)
    except EngineError as error:
        print(in_full(error), file=sys.stderr)
        return EXIT_ENGINE
    except (ServiceError, OSError) as error:
        print(f"{options.image}: {error}", file=sys.stderr)
        return EXIT_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service plan",
        description=(
            "Show which windows at which scales would fill a photo's holes. Nothing is filled. "
            "Settings apply as to the server."
        ),
    )
    parser.add_argument("image", type=Path, help="the photo")
    parser.add_argument(
        "mask", type=Path, nargs="?", help="white is hole (default: the photo's transparency)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, help="write a picture of windows, scales and holes"
    )
    add_hole_options(parser)
    parser.add_argument(
        "--context",
        type=float,
        default=CONTEXT,
        help="share of a hole's extent that is shown on every side (default: %(default)s)",
    )
    parser.add_argument(
        "--time",
        action="store_true",
        help="warm the model up and plan by seconds, as the server does, instead of by pixels",
    )
    return parser


def _plan(options: argparse.Namespace, settings: Settings) -> int:
    with options.image.open("rb") as file:
        photo = decode_photo(file, settings.max_pixels)
    if options.mask is None:
        hole = hole_of_transparency(photo.alpha, photo.height, photo.width)
    else:
        with options.mask.open("rb") as file:
            hole = decode_mask(file, settings.max_pixels, invert=options.invert_mask, photo=photo)
    check_hole(hole, photo)
    hole = dilate(hole, options.dilate)
    check_hole(hole, photo)
    check_there(settings)
    engine = build_engine(settings)
    costs = engine.warm_up().window_seconds if options.time else None
    reach = engine.info.traits.reach
    engine.close()
    made = plan(hole, settings.window_sizes, context=options.context, reach=reach, costs=costs)
    for line in describe_plan(made):
        print(line)
    print(f"{len(made.windows)} windows, {len(made.groups)} groups of holes")
    cost = f"{made.cost:.2f} seconds" if options.time else f"{made.cost / 1e6:.2f} million pixels"
    print(f"estimated cost: {cost}")
    if options.output is not None:
        PillowImage.fromarray(draw_plan(photo.rgb(), hole, made)).save(options.output)
    return 0
