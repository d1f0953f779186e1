from dataclasses import fields
from pathlib import Path

import pytest

from export.metadata import TRAITS
from service.engine.base import EngineError
from service.engine.properties import take_traits
from service.traits import Traits

MODEL = Path("x.onnx")


def test_stated_traits_are_taken_out_and_the_others_have_defaults():
    properties = {"reach": "90", "lattice": "0", "predicts_known": "0", "name": "x"}
    traits = take_traits(properties, MODEL)
    assert traits == Traits(reach=90, lattice=0, predicts_known=False)
    assert properties == {"name": "x"}


def test_what_is_exported_is_what_is_read():
    assert {"stride", *TRAITS} == {field.name for field in fields(Traits)}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("stride", "0", "stride is 0, at least 1"),
        ("reach", "far", "reach is 'far', which is not a number"),
        ("reach", "-3", "reach is '-3'"),
        ("lattice", "3", "lattice is 3, which is not even"),
        ("thinnest_hole", "0", "thinnest_hole is 0, at least 1"),
        ("pixel_bytes", "\u00b2", "not a number"),
    ],
)
def test_traits_that_cannot_be_are_refused_in_words(name, value, words):
    with pytest.raises(EngineError, match=words):
        take_traits({name: value}, MODEL)
