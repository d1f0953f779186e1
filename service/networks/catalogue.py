"""Which networks there are, by name: the default one, and the files of a folder."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.engine.base import EngineError
from service.settings import Settings

logger = logging.getLogger(__name__)

SUFFIX = ".onnx"
VARIANTS = (".int8", ".fp16")
"""`x.int8.onnx` beside `x.onnx` is the same network in another precision, not one more."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
"""Names go into headers, metrics and the path of `/model/NAME`."""

RENAME = (
    "rename it so that it begins with a letter or digit and has only these, dots, dashes and "
    "underscores, 100 at most"
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The networks there are, as they were when it was read.

    Attributes:
        default: Name of the one that fills where a request names none.
        files: Their files by name, the default one first. Without a model (INPAINT_ENGINE=dummy)
            the default one's is not looked at.
    """

    default: str
    files: Mapping[str, Path]


def read_catalogue(settings: Settings) -> Catalogue:
    """Look for the networks that the settings offer. No file is opened.

    Raises:
        EngineError: the default is not among them and no file either, has the name of another
            one, or a name that cannot be offered beside others.
    """
    folder = {} if settings.models is None else _networks_in(settings.models)
    file = check_there(settings)
    for name, other in folder.items():
        if other.exists() and file.exists() and other.samefile(file):
            return Catalogue(name, {name: other} | folder)
    if settings.engine == "dummy":
        return Catalogue("dummy", {"dummy": file} | folder)
    name = _without_variant(file.name.removesuffix(SUFFIX))
    if name in folder:
        raise EngineError(
            f"two networks are called {name}: {file} and {folder[name]}; rename one of them, or "
            f"set INPAINT_MODEL={name} to serve the one in the folder"
        )
    if folder and not NAME.fullmatch(name):
        raise EngineError(f"{file} cannot be offered beside others: {RENAME}")
    return Catalogue(name, {name: file} | folder)


def check_there(settings: Settings) -> Path:
    """The file of the default network.

    Raises:
        EngineError: it was asked for by a name that there is not; says which there are.
    """
    file = settings.model_file
    if settings.models is not None and len(file.parts) == 1 and not file.exists():
        raise EngineError(
            f"there is no model {file}: it is neither a file nor one of those in "
            f"{settings.models}: {', '.join(_networks_in(settings.models))}"
        )
    return file


def _networks_in(folder: Path) -> dict[str, Path]:
    """The networks of a folder by name, in the order of their names."""
    files = [path for path in sorted(folder.glob(f"*{SUFFIX}")) if not path.name.startswith(".")]
    names = {path.name.removesuffix(SUFFIX): path for path in files if path.is_file()}
    networks = {name: path for name, path in names.items() if not _is_variant(name, names)}
    for name in [name for name in networks if not NAME.fullmatch(name)]:
        logger.warning("%s is not offered: %s", networks.pop(name), RENAME)
    return networks


def _is_variant(name: str, names: Mapping[str, Path]) -> bool:
    return (plain := _without_variant(name)) != name and plain in names


def _without_variant(name: str) -> str:
    for variant in VARIANTS:
        name = name.removesuffix(variant)
    return name
