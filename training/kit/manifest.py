"""What a kit holds: one JSON file that both machines read. Standard library alone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

NAME = "kit.json"
MASKS = "masks.npz"
VGG = "vgg16.npz"
WEIGHTS = "weights.npz"
DISCRIMINATOR = "discriminator.npz"


@dataclass(frozen=True)
class Entry:
    """A file that may arrive late: its size in bytes and its SHA-256."""

    size: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What the borrowed machine is to do, and with what.

    Attributes:
        recipe: `training.recipe.Recipe` as JSON.
        record: what is known already of the training record.
        photos: names of the archives of photos, in the order in which they are sent.
        shard: photos of the fullest archive; the others are filled up to that.
        masks: shapes of banks of packed masks, by name.
        banks: name of each stage's bank.
        vgg: shapes of VGG16's arrays by name; empty where no stage looks at features.
        files: all files that may arrive late, by name.
    """

    recipe: dict[str, Any]
    record: dict[str, Any]
    photos: list[str]
    shard: int
    masks: dict[str, list[int]]
    banks: list[str]
    vgg: dict[str, list[int]]
    files: dict[str, Entry] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    def has_arrived(self, folder: Path, name: str) -> bool:
        """Whether a file is in a folder, whole."""
        path, entry = folder / name, self.files[name]
        # The size first: a copy that is still under way is not read for nothing.
        return path.is_file() and path.stat().st_size == entry.size and digest(path) == entry.digest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a kit.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is none.
    """
    path = folder / NAME
    if not path.is_file():
        raise FileNotFoundError(f"No {NAME} in {folder}: copy the kit's first folder there.")
    try:
        values = json.loads(path.read_text())
        files = {name: Entry(**entry) for name, entry in values.pop("files").items()}
        return Manifest(**values, files=files)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} is no kit's manifest: {error!r}") from error


def entry(path: Path) -> Entry:
    """The entry of a file as it lies there."""
    return Entry(path.stat().st_size, digest(path))


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        found = sha256()
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def as_objects(value: Any) -> Any:
    """JSON's objects as objects with attributes: what `training.recipe` describes, unchecked."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: as_objects(part) for name, part in value.items()})
    return [as_objects(part) for part in value] if isinstance(value, list) else value
