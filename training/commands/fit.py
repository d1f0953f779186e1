"""`python -m training fit`: train a network."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.learning.store import Photos
    from training.photos import PhotoFolder
    from training.recipe import Recipe, Source
    from training.run_folder import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        "Train a network on folders of photos, with JAX, on an accelerator or on a CPU. Without "
        "--recipe the paper's two stages are run."
    )
    parser.add_argument(
        "data", type=Path, nargs="+", help="folders of training photos, nested as they may be"
    )
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument("--val", type=Path, nargs="+", help="folders of validation photos")
    parser.add_argument("--recipe", type=Path, help="TOML file with every hyper-parameter")
    parser.add_argument(
        "--resume", action="store_true", help="go on where the run in --out stopped"
    )
    parser.add_argument(
        "--vgg",
        type=Path,
        metavar="NPZ",
        help="VGG16 for losses on features (default: what `python -m training weights` fetched)",
    )
    parser.add_argument(
        "--masks", type=Path, help="folder of mask images (white = hole) instead of drawn masks"
    )
    parser.add_argument(
        "--other-photos",
        action="store_true",
        help="train on other photos than those whose digest the recipe names",
    )
    parser.add_argument(
        "--weights", type=Path, help=".keras or .safetensors file to start from (fine-tuning)"
    )
    parser.add_argument(
        "--discriminator",
        type=Path,
        help=".npz or .safetensors that the adversary starts from, such as a run's "
        "discriminator.npz",
    )
    parser.add_argument(
        "--gradient-norms",
        action="store_true",
        help="log each loss term's gradient norm at the network's output",
    )
    parser.add_argument(
        "--cache-gib",
        type=float,
        default=8,
        help="memory for decoded photos; more of them are kept in a file in --out "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--workers", type=int, default=2, help="threads that decode photos (default: %(default)s)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    several = parser.add_argument_group(
        "several machines",
        "Started once on each, with the same photos, recipe and options; all devices share every "
        "batch. Process 0 writes --out, which the others read only to resume. Stages must go by "
        "steps.",
    )
    several.add_argument(
        "--coordinator", metavar="HOST:PORT", help="where process 0 waits for the others"
    )
    several.add_argument("--processes", type=int, metavar="N", help="how many there are")
    several.add_argument("--process", type=int, metavar="I", help="which this is, from 0")
    overrides = parser.add_argument_group("changes to the recipe, for all its stages")
    overrides.add_argument("--seed", type=int)
    overrides.add_argument("--steps", type=int, help="steps of each stage")
    overrides.add_argument("--minutes", type=float, help="minutes of each stage, not steps")
    overrides.add_argument("--batch-size", type=int)
    overrides.add_argument("--crop-size", type=int)
    overrides.add_argument("--levels", type=int, help="levels of the U-Net")
    overrides.add_argument("--width", type=int, help="features of the U-Net's first level")
    overrides.add_argument("--steps-per-epoch", type=int, help="steps between checkpoints")
    overrides.add_argument("--precision", choices=["float32", "mixed_bfloat16"])


def run(args: argparse.Namespace) -> int:
    """Train; the exit code."""
    from training.learning import devices

    _join(args)  # before Keras asks JAX for devices
    import keras

    from training import inputs
    from training.learning.discriminator_file import load_discriminator
    from training.photos import GIB, PhotoFolder
    from training.run_folder import RunFolder
    from training.trainer import Data, Trainer

    if keras.backend.backend() != "jax":
        raise ValueError(f"Training runs on JAX, but KERAS_BACKEND is {keras.backend.backend()}.")
    recipe = _recipe(args)
    _check_clock(args, recipe)
    folder = RunFolder(args.out)
    photos = PhotoFolder(args.data)
    digest = photos.fingerprint()
    if not args.other_photos:
        inputs.check_photos(digest, recipe)
    given = {
        "photos": digest,
        "masks": args.masks and str(args.masks),
        "vgg": args.vgg and str(args.vgg),
        "weights": inputs.file_digest(args.weights),
        "discriminator": inputs.file_digest(args.discriminator),
    }
    go_on = args.resume and folder.resume(recipe, given)
    validation = PhotoFolder(args.val) if args.val else None
    print(
        f"{len(photos)} training photos, {len(validation) if validation else 'no'} for validation"
    )
    earlier = inputs.earlier_runs(args.weights)
    keras.utils.set_random_seed(recipe.seed)
    keras.mixed_precision.set_dtype_policy(recipe.precision)
    network = inputs.build_network(args.weights, recipe)
    vgg = inputs.read_vgg(args.vgg, recipe)
    rival = load_discriminator(args.discriminator) if args.discriminator else None
    if not args.resume:
        _check_room(folder)
    data = Data(
        _decoded(photos, recipe, args, recipe.sources),
        inputs.mask_source(args.masks),
        _decoded(validation, recipe, args, ()) if validation else None,
        vgg,
        rival,
    )
    trainer = Trainer(
        recipe,
        network,
        data,
        folder,
        gradient_norms=args.gradient_norms,
        quiet=args.quiet or not devices.writes(),
        host_bytes=int(args.cache_gib * GIB),
    )
    if not args.resume and devices.writes():
        folder.start(recipe, given)
    print(f"{network.count_params():,} parameters, stride {network.stride}, {_device(recipe)}")
    steps = trainer.run(resume=go_on)
    if not devices.writes():
        return 0
    record = _record(args, recipe, photos, digest, folder.seconds(), steps) | earlier
    (folder.root / "model.json").write_text(json.dumps(record, indent=2) + "\n")
    print(f"{folder.model}: trained in {record['minutes']:.1f} minutes")
    return 0


def _join(args: argparse.Namespace) -> None:
    """Join the other processes, if there are any.

    Raises:
        ValueError: of the three options some are given and some are not, or make no sense.
    """
    from training.learning import devices

    given = (args.coordinator, args.processes, args.process)
    if given == (None, None, None):
        return
    if None in given:
        raise ValueError("--coordinator, --processes and --process go together.")
    if not 0 <= args.process < args.processes:
        raise ValueError(
            f"--process {args.process} is none of {args.processes} processes, which count from 0."
        )
    devices.initialize(*given)


def _check_clock(args: argparse.Namespace, recipe: Recipe) -> None:
    """Refuse stages that each process would end by a clock of its own."""
    timed = [stage.name for stage in recipe.stages if stage.minutes is not None]
    if args.processes and timed:
        raise ValueError(
            f"Stage '{timed[0]}' goes by minutes; several processes need steps (--steps)."
        )


def _recipe(args: argparse.Namespace) -> Recipe:
    """The recipe with the command line's changes."""
    from training.recipe import Recipe, load_recipe, paper_recipe

    recipe = load_recipe(args.recipe) if args.recipe else paper_recipe()
    values: dict[str, Any] = recipe.model_dump()
    for name in ("seed", "precision", "steps_per_epoch"):
        if (value := getattr(args, name)) is not None:
            values[name] = value
    for name in ("levels", "width"):
        if (value := getattr(args, name)) is not None:
            values["network"][name] = value
    for name in ("steps", "minutes", "batch_size", "crop_size"):
        if (value := getattr(args, name)) is not None:
            for stage in values["stages"]:
                stage[name] = value
    for name, other in (("steps", "minutes"), ("minutes", "steps")):
        if getattr(args, name) is not None and getattr(args, other) is None:
            for stage in values["stages"]:
                stage[other] = None
    return Recipe.model_validate(values)


def _check_room(folder: RunFolder) -> None:
    """Refuse a folder with a run in it before photos are decoded for nothing."""
    from training.learning import devices

    if devices.writes():  # the others may come when it has begun
        folder.check_free()
    folder.root.mkdir(parents=True, exist_ok=True)


def _decoded(
    folder: PhotoFolder, recipe: Recipe, args: argparse.Namespace, sources: Sequence[Source]
) -> Photos:
    """Photos on the recipe's canvas, in a file of the run's folder where memory is too small."""
    from training.decoding import decode
    from training.photos import GIB
    from training.sources import photo_weights

    chances = photo_weights([path.name for path in folder.paths], sources)
    size = len(folder) * recipe.canvas[0] * recipe.canvas[1] * 3
    own = f"-{args.process}" if args.process else ""  # processes may share a disk
    spill = args.out / f"photos-{folder.fingerprint()[:12]}{own}.npy"
    return decode(
        folder,
        chances,
        recipe.canvas,
        workers=args.workers,
        spill=spill if size > args.cache_gib * GIB else None,
        quiet=args.quiet,
    )


def _device(recipe: Recipe) -> str:
    import jax

    from training.learning.devices import named

    return f"JAX on {named()} ({jax.default_backend()}), {recipe.precision}"


def _record(
    args: argparse.Namespace,
    recipe: Recipe,
    photos: PhotoFolder,
    digest: str,
    seconds: float,
    steps: int,
) -> dict[str, Any]:
    """What the exported model tells about its training."""
    from training.learning.devices import named

    return {
        "recipe": args.recipe.name if args.recipe else "paper",
        "steps": steps,
        "photos": len(photos),
        "broken_photos": len(photos.broken),
        "data_sha256": digest,
        "seed": recipe.seed,
        "levels": recipe.network.levels,
        "width": recipe.network.width,
        "precision": recipe.precision,
        "backend": "jax",
        "device": named(),
        "machine": platform.machine(),
        "minutes": round(seconds / 60, 1),
    }
