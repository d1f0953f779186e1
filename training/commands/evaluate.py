"""`python -m training evaluate`: figures of a model and of classical methods beside it."""

import argparse
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.description = (
        "Measure a model on the central 256x256 pixels of every photo, with seeded holes of the "
        "paper's six ranges of hole ratio and with lattices, and classical methods on the same "
        "cases. Prints PSNR, SSIM, l1 and LPIPS of the whole composited picture, and PSNR and "
        "sharpness inside the hole."
    )
    parser.add_argument(
        "model",
        type=Path,
        nargs="?",
        help=".onnx, .keras or .safetensors file; without one only the peers are measured",
    )
    parser.add_argument(
        "--photos", type=Path, nargs="+", required=True, help="folders of photos to measure on"
    )
    parser.add_argument("--limit", type=_positive, help="photos at most (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the holes (default: 0)")
    parser.add_argument(
        "--peers",
        nargs="*",
        metavar="NAME",
        help="classical methods to measure beside the model: 'mean colour', Telea, Navier-Stokes, "
        "PatchMatch (needs pypatchmatch), or no name for none (default: all that are installed)",
    )
    parser.add_argument(
        "--lpips",
        type=Path,
        metavar="NPZ",
        help="AlexNet for LPIPS (default: what `python -m training weights` fetched; without it "
        "LPIPS is left out)",
    )
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument(
        "--sheet", type=Path, help="write a PNG: input, prediction, composite and truth of cases"
    )
    parser.add_argument(
        "--cases",
        type=int,
        nargs="+",
        metavar="NUMBER",
        help="numbers of the sheet's cases: eight times the photo's place in the sorted list, plus "
        "0 to 5 for the hole ratio, 6 or 7 for a lattice (default: 16 spread evenly)",
    )


def run(args: argparse.Namespace) -> int:
    """Measure and report."""
    from training.evaluation.cases import GROUPS
    from training.evaluation.distance import load_distance
    from training.evaluation.examples import default_numbers, example_sheet
    from training.evaluation.models import load_model
    from training.evaluation.report import as_json, as_text
    from training.evaluation.run import evaluate
    from training.peers import choose_peers
    from training.photos import PhotoFolder
    from training.sheets import write_png

    if args.sheet and not args.model:
        raise ValueError("a sheet shows a model's pictures: name a model, or leave --sheet out")
    photos = PhotoFolder(args.photos)
    count = min(len(photos), args.limit or len(photos))
    numbers = args.cases or default_numbers(count)
    last = count * len(GROUPS) - 1
    if not all(0 <= number <= last for number in numbers):
        raise ValueError(f"cases of {count} photos are numbered 0 to {last}")
    distance = load_distance(args.lpips)
    if distance is None:
        print("LPIPS is left out: `python -m training weights` fetches what it needs, once.")
    evaluation = evaluate(
        photos,
        load_model(args.model) if args.model else None,
        choose_peers(args.peers),
        seed=args.seed,
        limit=args.limit,
        examples=numbers if args.sheet else (),
        distance=distance,
    )
    print(as_text(evaluation))
    if args.json:
        _write_json(args.json, as_json(evaluation, _describe(args.model)))
    if args.sheet:
        write_png(args.sheet, example_sheet(evaluation.examples))
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above 0")
    return number


def _describe(model: Path | None) -> dict[str, Any] | None:
    import hashlib

    if model is None:
        return None
    return {"file": model.name, "sha256": hashlib.sha256(model.read_bytes()).hexdigest()}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    import json

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
