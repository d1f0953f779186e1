"""`python -m training kit`: train on a borrowed machine."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        "Train on a machine that is lent for minutes: pack a kit here, copy it there folder by "
        "folder while the first already works, and make a run of what comes back "
        "(docs/training-on-a-borrowed-accelerator.md)."
    )
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    pack = parts.add_parser("pack", help="pack code, wheels, photos, masks and weights")
    pack.add_argument("data", type=Path, nargs="+", help="folders of training photos")
    pack.add_argument("--out", type=Path, required=True, help="where the kit's folders go")
    pack.add_argument("--recipe", type=Path, required=True, help="TOML file; stages by minutes")
    pack.add_argument(
        "--mib", type=float, default=60, help="MiB of a folder at most (default: %(default)s)"
    )
    pack.add_argument(
        "--wheels", metavar="PYTHON", help="add Keras as wheels for this Python, such as 3.12"
    )
    pack.add_argument("--weights", type=Path, help=".keras or .safetensors file to start from")
    pack.add_argument("--discriminator", type=Path, help=".npz or .safetensors to start from")
    pack.add_argument("--vgg", type=Path, metavar="NPZ", help="VGG16, as for fit")
    pack.add_argument("--masks", type=Path, help="folder of mask images instead of drawn masks")
    pack.add_argument("--other-photos", action="store_true", help="as for fit")
    pack.add_argument("--quiet", action="store_true", help="no progress bar")
    collect = parts.add_parser("collect", help="make a run's folder of what came back")
    collect.add_argument("results", type=Path, help="the folder `out` of the other machine")
    collect.add_argument("--kit", type=Path, required=True, help="the kit's first folder, here")
    collect.add_argument("--out", type=Path, required=True, help="the run's folder")


def run(args: argparse.Namespace) -> int:
    """Pack or collect; the exit code."""
    return _pack(args) if args.part == "pack" else _collect(args)


def _pack(args: argparse.Namespace) -> int:
    from training import inputs
    from training.kit.pack import MIB, Contents, pack
    from training.photos import PhotoFolder
    from training.recipe import load_recipe

    recipe = load_recipe(args.recipe)
    photos = PhotoFolder(args.data)
    if not args.other_photos:
        inputs.check_photos(photos.fingerprint(), recipe)
    contents = Contents(
        recipe,
        args.recipe.name,
        photos,
        inputs.mask_source(args.masks),
        inputs.read_vgg(args.vgg, recipe),
        args.weights,
        args.discriminator,
        args.wheels,
    )
    for folder in pack(contents, args.out, args.mib, quiet=args.quiet):
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"{folder}: {size / MIB:.1f} MiB")
    print(f"Copy what is in {args.out / '1'}, then the others, into one folder; `python run.py`.")
    return 0


def _collect(args: argparse.Namespace) -> int:
    from training.kit.collect import collect
    from training.kit.manifest import read_manifest

    folder = collect(args.results, read_manifest(args.kit), args.out)
    print(f"{folder.model}")
    return 0
