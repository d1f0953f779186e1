"""A network's traits, from the properties of its file."""

from collections.abc import MutableMapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from service.engine.base import EngineError
from service.traits import Traits

LEAST = {"stride": 1, "reach": 1, "thinnest_hole": 1, "pixel_bytes": 1}
"""Smallest value of a trait, where it is not 0."""


def take_traits(
    properties: MutableMapping[str, object], model: Path, defaults: Traits | None = None
) -> Traits:
    """Take the traits out of a file's properties; those that it does not state have defaults.

    Raises:
        EngineError: one of them is not a whole number, too small, or a lattice that cannot be.
    """
    values: dict[str, Any] = {}
    for field in fields(Traits):
        if field.name in properties:
            values[field.name] = _number(field.name, properties.pop(field.name), model)
    if "predicts_known" in values:
        values["predicts_known"] = bool(values["predicts_known"])
    if (lattice := values.get("lattice", 0)) % 2:
        raise EngineError(f"{model} says that its lattice is {lattice}, which is not even")
    return replace(defaults or Traits(), **values)


def _number(name: str, value: object, model: Path) -> int:
    text = str(value)
    if not (text.isascii() and text.isdecimal()):
        raise EngineError(f"{model} says that its {name} is {text!r}, which is not a number")
    if int(text) < LEAST.get(name, 0):
        raise EngineError(f"{model} says that its {name} is {text}, at least {LEAST[name]} is due")
    return int(text)
