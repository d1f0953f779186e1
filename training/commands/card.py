"""`python -m training card`: the model card of a finished run."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

CURVES = "training_curves.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.description = (
        "Write the model card (Markdown) of a finished run: what the model is for, recipe, speed, "
        f"data and its terms, figures beside the peers', worst cases. {CURVES} goes beside it."
    )
    parser.add_argument("folder", type=Path, metavar="RUN", help="the run's folder")
    parser.add_argument(
        "--evaluation",
        type=Path,
        nargs="+",
        required=True,
        metavar="JSON",
        help="file written by evaluate --json; further ones add peers measured on the same cases",
    )
    parser.add_argument("--hardware", help="what the run was on, in words")
    parser.add_argument(
        "--peak-tflops", type=float, help="TFLOP/s that the hardware promises, to compare with"
    )
    parser.add_argument(
        "--note", action="append", default=[], help="a paragraph about this run (may be repeated)"
    )
    parser.add_argument(
        "--data-notice",
        type=Path,
        help="Markdown file with the photos' terms; its first paragraph is quoted",
    )
    parser.add_argument("--sheet", type=Path, help="PNG with cases to show, written by evaluate")
    parser.add_argument("--sheet-caption", help="what that sheet shows")
    parser.add_argument("-o", "--out", type=Path, required=True, help="where the card goes")


def run(args: argparse.Namespace) -> int:
    """Write card and curves; the exit code."""
    from training.card.card import Extras, model_card
    from training.card.curves import draw_curves
    from training.card.evaluations import read_evaluations
    from training.card.run_record import read_run
    from training.unet import PConvUNet

    record = read_run(args.folder)
    evaluated = read_evaluations(args.evaluation)
    network = PConvUNet(**record.recipe.network.model_dump())
    extras = Extras(
        hardware=args.hardware,
        peak_tflops=args.peak_tflops,
        notes=tuple(args.note),
        notice=args.data_notice.read_text() if args.data_notice else None,
        notice_link=_relative(args.data_notice, args.out),
        curves_link=CURVES,
        sheet_link=_relative(args.sheet, args.out),
        sheet_caption=args.sheet_caption,
    )
    card = model_card(record, evaluated, network, extras)
    draw_curves(record, args.out.parent / CURVES)
    args.out.write_text(card)
    print(f"{args.out}, {args.out.parent / CURVES}")
    return 0


def _relative(path: Path | None, card: Path) -> str | None:
    """Where a file lies, seen from the card."""
    return None if path is None else Path(os.path.relpath(path, card.parent)).as_posix()
