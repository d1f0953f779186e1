from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from service.engine import description, onnx
from service.engine.base import EngineError, in_full
from service.engine.build import build_engine
from service.engine.description import describe
from service.engine.model_file import identify
from service.engine.onnx import OnnxEngine
from service.engine.sessions import Device
from service.settings import Settings
from service.traits import Traits
from tests.service.engine.onnx_models import METADATA, write_inverting_model
from tests.service.pictures import noise


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_inverting_model(tmp_path_factory.mktemp("models") / "tiny.onnx")


@pytest.fixture
def engine(model):
    engine = OnnxEngine(model, (16, 8), device=Device(provider="cpu"))
    yield engine
    engine.close()


def test_it_describes_its_model(engine):
    info = engine.info
    assert (info.name, info.version, info.traits.stride) == ("tiny", "7", 8)
    assert info.provider == "CPUExecutionProvider"
    assert info.window_sizes == (8, 16)
    assert info.metadata == {
        "source_commit": "0123abc",
        "training": {"steps": 12},
        "licence": "none",
    }


def test_it_hands_windows_and_holes_over_as_the_contract_says(engine):
    images = np.stack([noise(8, 8, seed=seed) for seed in range(3)])
    holes = np.zeros((3, 8, 8), np.bool_)
    holes[1, 2:5, 3:6] = True
    expected = np.where(holes[..., np.newaxis], 9, 255 - images)
    np.testing.assert_array_equal(engine.infer(images, holes), expected)
    backwards = engine.infer(images[::-1], holes[::-1])
    np.testing.assert_array_equal(backwards, expected[::-1])


def test_the_warm_up_times_every_size_and_batch(model):
    runs = OnnxEngine(model, (16, 8), max_batch=4).warm_up()
    assert sorted(runs.seconds) == [8, 16]
    assert all(sorted(batches) == [1, 2, 4] for batches in runs.seconds.values())
    assert all(seconds > 0 for batches in runs.seconds.values() for seconds in batches.values())


def test_small_windows_are_warmed_first_on_a_cpu(model, monkeypatch):
    monkeypatch.setattr(description, "FIRST_PIXELS", 16)
    engine = OnnxEngine(model, (8, 16, 32), max_batch=1)
    assert engine.info.first_sizes == (8, 16)
    assert sorted(engine.warm_up(engine.info.first_sizes).seconds) == [8, 16]
    assert OnnxEngine(model, (32,)).info.first_sizes == (32,)


def test_traits_and_terms_are_those_of_the_file(tmp_path):
    metadata = METADATA | {"reach": "90", "lattice": "0"}
    info = OnnxEngine(write_inverting_model(tmp_path / "x.onnx", metadata), (8,)).info
    assert (info.traits.stride, info.traits.reach, info.traits.lattice) == (8, 90, 0)
    assert info.terms == "none"
    assert "reach" not in info.metadata


def test_its_memory_is_its_weights_once_a_session_and_its_runs(model):
    weights = model.stat().st_size
    for runs, sessions in ((1, 1), (2, 2), (3, 2)):
        device = Device(provider="cpu", threads=4)
        engine = OnnxEngine(model, (8, 16), device=device, runs=runs)
        run_bytes = engine.info.traits.pixel_bytes * 16**2
        assert engine.info.memory_bytes == sessions * weights + runs * run_bytes
        engine.close()


def test_on_a_gpu_its_memory_is_that_of_the_largest_batch(model):
    file = identify(model)
    traits = file.traits(file.codings[0])
    of_cpu, of_gpu = (
        describe(
            file,
            file.codings[0],
            traits,
            (8, 16),
            provider=provider,
            max_batch=16,
            runs=1,
            precision_seconds={},
        ).memory_bytes
        for provider in ("CPUExecutionProvider", "CUDAExecutionProvider")
    )
    assert of_gpu - of_cpu == 15 * traits.pixel_bytes * 16**2


def test_only_the_default_network_must_have_the_precision_asked_for(model, tmp_path):
    other = write_inverting_model(tmp_path / "other.onnx", METADATA)
    settings = Settings(model=model, precision="fp16", window_sizes=(8,), provider="cpu")
    with pytest.raises(EngineError, match="there is no"):
        build_engine(settings)
    engine = build_engine(settings, other)
    assert engine.info.precision == "float32"
    engine.close()


def test_batches_of_large_windows_are_smaller_unless_asked_for(model, monkeypatch):
    monkeypatch.setattr(onnx, "CPU_RUN_BYTES", 2 * 16**2 * Traits().pixel_bytes)
    spare = Device(threads=2)
    runs = OnnxEngine(model, (8, 16, 32), device=spare, runs=1).warm_up()
    assert {size: max(batches) for size, batches in runs.seconds.items()} == {8: 4, 16: 2, 32: 1}
    asked = OnnxEngine(model, (16,), max_batch=4).warm_up()
    assert sorted(asked.seconds[16]) == [1, 2, 4]


def test_there_are_no_batches_where_every_thread_has_a_run_of_its_own(model):
    assert OnnxEngine(model, (8,), device=Device(threads=2), runs=2).info.max_batch == 1


def test_batches_that_do_not_fit_are_left_out(model, monkeypatch):
    infer = OnnxEngine.infer

    def infer_two_at_most(self, images, holes):
        if len(images) > 2:
            raise EngineError("out of memory")
        return infer(self, images, holes)

    monkeypatch.setattr(OnnxEngine, "infer", infer_two_at_most)
    runs = OnnxEngine(model, (8, 16), max_batch=4).warm_up()
    assert {size: sorted(batches) for size, batches in runs.seconds.items()} == {
        8: [1, 2],
        16: [1, 2],
    }


def test_a_model_that_cannot_run_one_window_is_an_error(model, monkeypatch):
    def fail(self, images, holes):
        raise EngineError("out of memory")

    monkeypatch.setattr(OnnxEngine, "infer", fail)
    with pytest.raises(EngineError, match="out of memory"):
        OnnxEngine(model, (8,), max_batch=4).warm_up()


def test_auto_without_cuda_is_cpu(model):
    assert OnnxEngine(model, (8,)).info.provider == "CPUExecutionProvider"


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(EngineError, match=r"nothing\.onnx; set INPAINT_MODEL"):
        OnnxEngine(tmp_path / "nothing.onnx", (8,))


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" * 500])
def test_a_corrupt_model_is_named(tmp_path, content):
    path = tmp_path / "corrupt.onnx"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=r"corrupt\.onnx cannot be loaded"):
        OnnxEngine(path, (8,), device=Device(provider="cpu"))


def test_a_model_of_other_names_that_fills_no_holes_is_refused(tmp_path):
    path = write_inverting_model(tmp_path / "other.onnx", output="picture")
    with pytest.raises(EngineError, match="none fills a hole like its surroundings"):
        OnnxEngine(path, (8,), device=Device(provider="cpu"))


def test_our_own_models_are_not_probed(model, monkeypatch):
    runs = []
    monkeypatch.setattr(onnx, "_run", lambda *call: runs.append(call))
    OnnxEngine(model, (8,), device=Device(provider="cpu"))
    assert runs == []


def test_sizes_are_multiples_of_the_stride(model):
    with pytest.raises(EngineError, match=r"stride 8: \[12\]"):
        OnnxEngine(model, (8, 12), device=Device(provider="cpu"))


def test_a_model_without_metadata_is_named_after_its_file(tmp_path):
    path = write_inverting_model(tmp_path / "plain.onnx", metadata={})
    info = OnnxEngine(path, (8,), device=Device(provider="cpu")).info
    assert (info.name, info.version, info.traits.stride) == ("plain", "unknown", 1)


def test_a_stride_that_is_no_number_is_refused(tmp_path):
    path = write_inverting_model(tmp_path / "odd.onnx", metadata={"stride": "many"})
    with pytest.raises(EngineError, match="'many'"):
        OnnxEngine(path, (8,), device=Device(provider="cpu"))


def test_a_failing_run_is_an_engine_error(engine):
    with pytest.raises(EngineError, match=r"ONNX Runtime failed on .*; the log says why$") as told:
        engine.infer(np.zeros((1, 8, 8, 4), np.uint8), np.zeros((1, 8, 8), np.bool_))
    assert str(told.value.__cause__) not in str(told.value)  # clients are shown the words
    assert in_full(told.value) == f"{told.value}: {told.value.__cause__}"


@pytest.mark.parametrize(("threads", "asked", "runs"), [(1, 0, 1), (4, 0, 4), (4, 2, 2), (2, 8, 2)])
def test_runs_overlap_on_a_cpu(model, threads, asked, runs):
    device = Device(provider="cpu", threads=threads)
    assert OnnxEngine(model, (8,), device=device, runs=asked).info.runs == runs


def test_runs_that_overlap_give_what_a_run_alone_gives(model):
    engine = OnnxEngine(model, (8,), device=Device(provider="cpu", threads=2))
    windows = [noise(8, 8, seed=seed)[np.newaxis] for seed in range(40)]
    hole = np.zeros((1, 8, 8), np.bool_)
    alone = [engine.infer(images, hole) for images in windows]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda images: engine.infer(images, hole), windows))
    np.testing.assert_array_equal(together, alone)
