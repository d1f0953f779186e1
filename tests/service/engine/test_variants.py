"""Which file of a model is run."""

import gc
import logging
import weakref
from pathlib import Path

import numpy as np
import pytest

from service.engine.base import EngineError
from service.engine.onnx import OnnxEngine
from service.engine.sessions import Device
from service.engine.variants import digest, open_variant
from service.engine.variants import precision_of as precision_of_session
from tests.service.engine.onnx_models import METADATA, write_inverting_model
from tests.service.pictures import smooth

BUNDLED = Path(__file__).parents[3] / "models" / "inpaint.onnx"
ON_CPU = Device(provider="cpu")


@pytest.fixture
def model(tmp_path):
    return write_inverting_model(tmp_path / "tiny.onnx")


def add_variant(model, precision, variant_of=None):
    properties = {"precision": precision, "variant_of": variant_of or digest(model)}
    return write_inverting_model(model.with_suffix(f".{precision}.onnx"), METADATA | properties)


def precision_of(model, precision="auto"):
    return OnnxEngine(model, (8,), device=ON_CPU, precision=precision).info.precision


def test_without_variants_the_model_itself_runs(model):
    assert precision_of(model) == "float32"


def test_a_cpu_takes_the_8_bit_variant_unless_told_otherwise(model):
    add_variant(model, "int8")
    add_variant(model, "fp16")
    assert precision_of(model) == "int8"
    assert precision_of(model, "fp32") == "float32"
    assert precision_of(model, "fp16") == "fp16"


def test_what_ties_a_variant_to_its_model_is_not_shown(model):
    add_variant(model, "int8")
    assert "variant_of" not in OnnxEngine(model, (8,), device=ON_CPU).info.metadata


@pytest.mark.parametrize(("precision", "command"), [("int8", "quantize"), ("fp16", "half")])
def test_a_variant_that_is_missing_is_named_with_what_makes_it(model, precision, command):
    with pytest.raises(EngineError, match=rf"tiny\.{precision}\.onnx.*export {command} .*tiny"):
        precision_of(model, precision)


def test_a_variant_of_another_model_is_left_alone(model, caplog):
    add_variant(model, "int8", variant_of="0" * 64)
    with caplog.at_level(logging.WARNING):
        assert precision_of(model) == "float32"
    assert "tiny.int8.onnx is not a variant of" in caplog.text
    with pytest.raises(EngineError, match=r"tiny\.int8\.onnx is not a variant of"):
        precision_of(model, "int8")


class Session:
    """As much of a session as choosing a file needs."""

    def __init__(self, provider, variant_of):
        self._provider = provider
        self.custom_metadata_map = {"variant_of": variant_of}

    def get_providers(self):
        return [self._provider]

    def get_modelmeta(self):
        return self


def opened_on(provider, model, files):
    def opened(path, *, quick=False):
        files.append(path.name)
        return Session(provider, digest(model))

    return opened


@pytest.mark.parametrize(
    ("found", "tried"),
    [
        ("CUDAExecutionProvider", ["tiny.fp16.onnx"]),
        ("CPUExecutionProvider", ["tiny.fp16.onnx", "tiny.int8.onnx"]),
    ],
    ids=["a usable GPU", "an unusable GPU"],
)
def test_the_variant_suits_the_device_that_was_found(model, found, tried):
    add_variant(model, "int8")
    add_variant(model, "fp16")
    files = []
    opened = opened_on(found, model, files)
    assert open_variant(model, "auto", opened, expect_gpu=True).file.name == tried[-1]
    assert files == tried


def engine_measured(model, *rounds, precision="auto"):
    """An engine whose measurements find these seconds, and what was measured."""
    rounds = list(rounds)
    measured = []

    def measure(sessions):
        measured.append([precision_of_session(session) for session in sessions])
        return rounds.pop(0) if len(rounds) > 1 else rounds[0]

    engine = OnnxEngine(model, (8,), device=ON_CPU, precision=precision, measure=measure)
    return engine, measured


@pytest.mark.parametrize(
    ("rounds", "chosen"),
    [
        ([[1.0, 2.0]], "int8"),
        ([[1.0, 1.25], [1.0, 0.8]], "float32"),  # close while not optimised
        ([[2.0, 1.0], [2.0, 1.0]], "float32"),
        ([[1.0, 1.0], [1.0, 0.95]], "int8"),  # not clearly slower, and smaller
    ],
)
def test_the_faster_one_runs_on_a_cpu(model, caplog, rounds, chosen):
    add_variant(model, "int8")
    with caplog.at_level(logging.INFO):
        engine, measured = engine_measured(model, *rounds)
    assert measured == [["int8", "float32"]] * len(rounds)
    assert engine.info.precision == chosen
    assert engine.info.precision_seconds == dict(zip(["int8", "float32"], rounds[-1], strict=True))
    assert f"{chosen} runs" in caplog.text


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_what_is_asked_for_is_not_measured(model, precision):
    add_variant(model, "int8")
    engine, measured = engine_measured(model, [2.0, 1.0], precision=precision)
    assert (measured, engine.info.precision_seconds) == ([], {})
    assert engine.info.precision == {"fp32": "float32"}.get(precision, precision)


def test_without_a_choice_nothing_is_measured(model):
    assert engine_measured(model, [])[1] == []
    add_variant(model, "int8", variant_of="0" * 64)
    engine, measured = engine_measured(model, [])
    assert (measured, engine.info.precision) == ([], "float32")


def test_where_measuring_fails_the_8_bit_variant_runs(model, caplog):
    def measure(sessions):
        raise MemoryError("no room for both")

    add_variant(model, "int8")
    with caplog.at_level(logging.WARNING):
        engine = OnnxEngine(model, (8,), device=ON_CPU, measure=measure)
    assert engine.info.precision == "int8"
    assert "no room for both" in caplog.text


def test_the_one_that_lost_is_let_go(model):
    lost = []

    def measure(sessions):
        lost.append(weakref.ref(sessions[1]))
        return [1.0, 2.0]

    add_variant(model, "int8")
    engine = OnnxEngine(model, (8,), device=ON_CPU, measure=measure)
    gc.collect()
    assert engine.info.precision == "int8"
    assert lost[0]() is None


def test_8_bit_on_a_gpu_is_refused(model):
    add_variant(model, "int8")
    opened = opened_on("CUDAExecutionProvider", model, [])
    with pytest.raises(EngineError, match="int8 is for CPUs"):
        open_variant(model, "int8", opened, expect_gpu=True)


def test_8_bit_runs_where_the_gpu_expected_turns_out_unusable(model):
    add_variant(model, "int8")
    opened = opened_on("CPUExecutionProvider", model, [])
    assert open_variant(model, "int8", opened, expect_gpu=True).file.name == "tiny.int8.onnx"


def test_a_damaged_variant_is_left_alone(model, caplog):
    model.with_suffix(".int8.onnx").write_bytes(b"damaged")
    with caplog.at_level(logging.WARNING):
        assert precision_of(model) == "float32"
    assert "tiny.int8.onnx cannot be loaded" in caplog.text
    with pytest.raises(EngineError, match=r"tiny\.int8\.onnx cannot be loaded"):
        precision_of(model, "int8")


def test_the_bundled_variant_paints_what_the_bundled_model_paints():
    images, holes = smooth(128, 128)[np.newaxis], np.zeros((1, 128, 128), np.bool_)
    holes[:, 40:80, 40:90] = True
    engines = [
        OnnxEngine(BUNDLED, (128,), device=ON_CPU, precision=each) for each in ("fp32", "int8")
    ]
    assert [engine.info.precision for engine in engines] == ["float32", "int8"]
    expected, painted = (engine.infer(images, holes).astype(int) for engine in engines)
    assert np.abs(painted - expected).mean() < 3  # grain of two levels or so, on a smooth picture
