"""Makes a run's folder out of what came back from a borrowed machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from training.kit import manifest as kit
from training.kit.arrays import load_network
from training.kit.names import LOG, RECORD
from training.recipe import Recipe
from training.run_folder import RunFolder
from training.unet import PConvUNet


def collect(results: Path, manifest: kit.Manifest, out: Path) -> RunFolder:
    """Write `model.keras`, its record, curves and discriminator into a run's folder.

    Args:
        results: the folder that came back, whole or with what was saved when the machine went.
        manifest: of the kit.
        out: the run's folder.

    Raises:
        FileExistsError: a run is there already.
        ValueError: weights are missing, or of another network.
    """
    weights = results / kit.WEIGHTS
    if not weights.is_file():
        raise ValueError(f"{results} holds no {kit.WEIGHTS}: no stage came to its end.")
    recipe = Recipe.model_validate(manifest.recipe)
    network = PConvUNet(**recipe.network.model_dump())
    load_network(weights, network)
    folder = RunFolder(out)
    folder.start(recipe, {"kit": kit.digest(weights)})
    network.save(folder.model)
    for name, target in ((LOG, folder.history), (kit.DISCRIMINATOR, folder.discriminator)):
        if (results / name).is_file():
            shutil.copy(results / name, target)
    record = results / RECORD
    if record.is_file():
        found = json.loads(record.read_text())
    else:
        lines = [json.loads(line) for line in folder.history.read_text().splitlines()]
        seconds = sum(line["seconds"] for line in lines)
        found = {
            **manifest.record,
            "steps": lines[-1]["step"],
            "minutes": round(seconds / 60, 1),
            "unfinished": True,
        }
    (folder.root / "model.json").write_text(json.dumps(found, indent=2) + "\n")
    return folder
