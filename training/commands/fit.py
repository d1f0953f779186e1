"""`python -m training fit`: train a network."""

from __future__ import annotations

import argparse
import json
import logging
import platform
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.photos import PhotoFolder
    from training.recipe import Recipe
    from training.unet import PConvUNet
    from training.vgg import VGGFeatures

logger = logging.getLogger(__name__)

CALIBRATION_PHOTOS = 64
MASK_BANK = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        "Train a network on folders of photos. Without --recipe the paper's two stages are run. "
        "KERAS_BACKEND chooses tensorflow (default) or jax."
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
        default="imagenet",
        help="VGG16 weights: 'imagenet' (Keras Applications, downloads), an .npz of the first "
        "three blocks or an .h5 ported from PyTorch (default: %(default)s)",
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
        "--gradient-norms",
        action="store_true",
        help="log each loss term's gradient norm at the network's output",
    )
    parser.add_argument(
        "--cache-gib",
        type=float,
        default=8,
        help="memory for decoded photos (default: %(default)s)",
    )
    parser.add_argument(
        "--workers", type=int, default=2, help="threads that prepare batches (default: %(default)s)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    overrides = parser.add_argument_group("changes to the recipe, for all its stages")
    overrides.add_argument("--seed", type=int)
    overrides.add_argument("--steps", type=int, help="steps of each stage")
    overrides.add_argument("--batch-size", type=int)
    overrides.add_argument("--crop-size", type=int)
    overrides.add_argument("--levels", type=int, help="levels of the U-Net")
    overrides.add_argument("--width", type=int, help="features of the U-Net's first level")
    overrides.add_argument("--steps-per-epoch", type=int, help="steps between checkpoints")
    overrides.add_argument("--precision", choices=["float32", "mixed_bfloat16", "mixed_float16"])


def run(args: argparse.Namespace) -> int:
    """Train; the exit code."""
    import keras

    from training.checkpoints import load_network
    from training.photos import GIB, PhotoFolder
    from training.run_folder import RunFolder
    from training.trainer import Data, Trainer
    from training.unet import PConvUNet

    recipe = _recipe(args)
    folder = RunFolder(args.out)
    photos = PhotoFolder(args.data, cache_bytes=int(args.cache_gib * GIB))
    digest = photos.fingerprint()
    if not args.other_photos:
        _check_photos(digest, recipe)
    inputs = {
        "photos": digest,
        "masks": args.masks and str(args.masks),
        "vgg": args.vgg if recipe.need_features else None,
        "weights": args.weights and sha256(args.weights.read_bytes()).hexdigest(),
    }
    go_on = args.resume and folder.resume(recipe, inputs)
    validation = PhotoFolder(args.val) if args.val else None
    print(
        f"{len(photos)} training photos, {len(validation) if validation else 'no'} for validation"
    )

    earlier = _earlier_runs(args.weights)
    _make_repeatable(recipe.seed)
    keras.mixed_precision.set_dtype_policy(recipe.precision)
    features = _features(args.vgg, recipe, photos)
    if args.weights:
        network = load_network(args.weights)
        _check_network(network, recipe)
    else:
        network = PConvUNet(**recipe.network.model_dump())
    if not args.resume:
        folder.start(recipe, inputs)
    print(
        f"{network.count_params():,} parameters, stride {network.stride}, backend "
        f"{keras.backend.backend()}, {recipe.precision}"
    )
    trainer = Trainer(
        recipe,
        network,
        Data(photos, _masks(args.masks, recipe), validation),
        folder,
        features=features,
        gradient_norms=args.gradient_norms,
        workers=args.workers,
        quiet=args.quiet,
    )
    trainer.run(resume=go_on)
    record = _record(args, recipe, photos, digest, folder.seconds()) | earlier
    (folder.root / "model.json").write_text(json.dumps(record, indent=2) + "\n")
    print(f"{folder.model}: trained in {record['minutes']:.1f} minutes")
    return 0


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
    for name in ("steps", "batch_size", "crop_size"):
        if (value := getattr(args, name)) is not None:
            for stage in values["stages"]:
                stage[name] = value
    return Recipe.model_validate(values)


def _check_network(network: PConvUNet, recipe: Recipe) -> None:
    """Refuse weights of another size than the recipe says."""
    config = network.get_config()
    sizes = {name: config[name] for name in recipe.network.model_dump()}
    if sizes != recipe.network.model_dump():
        raise ValueError(
            f"The weights are of a network with {sizes}, the recipe wants "
            f"{recipe.network.model_dump()}."
        )


def _check_photos(digest: str, recipe: Recipe) -> None:
    """Refuse photos that a recipe's figures are not about."""
    if recipe.data_sha256 not in (None, digest):
        raise ValueError(
            f"The recipe is for photos of digest {recipe.data_sha256}, these have {digest}: "
            "give the same folders in the same order, or pass --other-photos."
        )


def _make_repeatable(seed: int) -> None:
    """Seed everything, and have TensorFlow add up in one order where it has no GPU."""
    import keras

    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if not tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()


def _features(source_name: str, recipe: Recipe, photos: PhotoFolder) -> VGGFeatures | None:
    """VGG16 features where a stage needs them."""
    if not recipe.need_features:
        return None
    import numpy as np

    from training.samples import random_crop
    from training.vgg import VGGFeatures, load_vgg_source, measure_feature_scale

    source = load_vgg_source(source_name)
    scale = source.feature_scale
    if scale is None:
        size = min(stage.crop_size for stage in recipe.stages)
        rng = np.random.default_rng(0)
        crops = []
        for index in range(min(len(photos), CALIBRATION_PHOTOS)):
            photo = photos.read(index)
            if photo is not None and min(photo.shape[:2]) >= size:
                crops.append(random_crop(photo, size, 1.0, rng))
        if not crops:
            raise ValueError(f"No photo of at least {size} pixels to measure VGG16 features on.")
        scale = measure_feature_scale(source, np.stack(crops))
    print(f"VGG16 features: {source.name}, divided by {', '.join(f'{s:.4g}' for s in scale)}")
    return VGGFeatures(source, scale)


def _masks(folder: Path | None, recipe: Recipe) -> Any:
    """Drawn beforehand, so that no step waits for a mask."""
    from training.masks import IrregularMasks, MaskBank, MaskFolder

    source: Any = MaskFolder(folder) if folder else IrregularMasks()
    for size in sorted({stage.crop_size for stage in recipe.stages}):
        # A bank leaves other sizes to its source: the banks of smaller sizes.
        source = MaskBank(source, size, size, count=MASK_BANK, seed=recipe.seed)
    return source


def _record(
    args: argparse.Namespace, recipe: Recipe, photos: PhotoFolder, digest: str, seconds: float
) -> dict[str, Any]:
    """What the exported model tells about its training."""
    import keras

    return {
        "recipe": args.recipe.name if args.recipe else "paper",
        "steps": sum(stage.steps for stage in recipe.stages),
        "photos": len(photos),
        "broken_photos": len(photos.broken),
        "data_sha256": digest,
        "seed": recipe.seed,
        "levels": recipe.network.levels,
        "width": recipe.network.width,
        "precision": recipe.precision,
        "backend": keras.backend.backend(),
        "machine": platform.machine(),
        "minutes": round(seconds / 60, 1),
    }


def _earlier_runs(weights: Path | None) -> dict[str, Any]:
    """The runs that made the weights that this one begins with, oldest first, if they are known."""
    from training.checkpoints import read_training_record

    try:
        record = read_training_record(weights) if weights else {}
        if not record:
            return {}
        run = {name: record[name] for name in ("recipe", "steps", "minutes")}
        return {"before": [*record.get("before", []), run]}
    except (ValueError, KeyError, TypeError) as error:
        logger.warning("The record of %s is not taken over: %r", weights, error)
        return {}
