"""Stand-ins of every row of the table, run by the engine, in the pipeline and over HTTP."""

import logging
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from service.engine.base import EngineError, in_full
from service.engine.build import build_engine, check_model
from service.engine.dummy import DummyEngine
from service.engine.onnx import OnnxEngine
from service.engine.sessions import Device
from service.engine.sidecar import Sidecar
from service.engine.signatures import KNOWN, RANGES
from service.inpainting.filling import fill
from service.inpainting.planning import plan
from service.settings import Settings
from tests.service.engine.stand_ins import (
    LAMA,
    LAMA_WEB,
    MIGAN,
    MIGAN_BARE,
    PCONV,
    ROWS,
    variations,
)
from tests.service.pictures import file_of, mask_file, samples_of, smooth
from tests.service.servers import client_of, settings_of

BUNDLED = Path(__file__).parents[3] / "models" / "inpaint.onnx"
BLEND = 3
SIZE = 128
ON_CPU = Device(provider="cpu")


@pytest.fixture(scope="module", params=variations(SIZE), ids=str)
def running(request, tmp_path_factory):
    """A stand-in and the engine that found out what it is."""
    path = request.param.write(tmp_path_factory.mktemp("models") / "x.onnx")
    engine = OnnxEngine(path, (SIZE, 2 * SIZE), device=ON_CPU, max_batch=2)
    yield request.param, engine
    engine.close()


def test_every_signature_is_told(running):
    of, engine = running
    info = engine.info
    assert info.signature == of.signature
    assert info.traits.predicts_known is not of.pastes
    assert info.window_sizes == ((of.size,) if of.size else (SIZE, 2 * SIZE))
    assert info.max_batch == (1 if of.batch or of.signature == "migan" else 2)
    assert info.precision == ("float16" if of.element == "float16" else "float32")


def test_every_signature_is_filled_with_the_mean_of_what_is_known(running):
    of, engine = running
    images = np.stack([smooth(SIZE, SIZE, seed) // 2 + 60 * seed for seed in range(3)])
    holes = np.zeros((3, SIZE, SIZE), np.bool_)
    for at, hole in enumerate(holes):
        hole[10 : 40 + 9 * at, 30:70] = True
    images[holes] = (255, 0, 255)
    expected = mean_of_known(images, holes, engine.info)
    predicted = engine.infer(images, holes)
    assert predicted.dtype == np.uint8
    np.testing.assert_allclose(predicted[holes].astype(int), expected[holes], atol=1)
    far = ~grown(holes, 2 * BLEND) if of.pastes else ~holes
    due = images if of.pastes else expected
    np.testing.assert_allclose(predicted[far].astype(int), due[far], atol=1)


def grown(holes, by):
    square = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.stack([cv2.dilate(hole.astype(np.uint8), square) for hole in holes]) > 0


def mean_of_known(images, holes, info):
    """Of what is shown as known: MI-GAN's pipeline wants holes larger than they are."""
    shown = grown(holes, BLEND) if info.signature == "migan" else holes
    return DummyEngine().infer(images, shown)


def photo_with_holes(height, width, small, large):
    """A photo, its hole, which shows through in no fill, and what it is without it."""
    photo = smooth(height, width, 3)
    hole = np.zeros((height, width), np.bool_)
    hole[40 : 40 + small, 50 : 50 + small] = True
    hole[-40 - large : -40, -60 - large : -60] = True
    return np.where(hole[..., np.newaxis], np.uint8((255, 0, 255)), photo), hole


def by_the_dummy(photo, hole, info):
    """What the mean of the known pixels gives with the same windows and traits."""
    planned = plan(hole, info.window_sizes, reach=info.traits.reach)
    filled = fill(
        photo, hole, planned, lambda *seen: mean_of_known(*seen, info), traits=info.traits
    )
    return filled.image.astype(int)


FIXED = [replace(row, output="y", size=SIZE, batch=1) for row in ROWS.values()]


@pytest.mark.parametrize("of", FIXED, ids=str)
def test_holes_larger_than_the_only_window_are_filled(tmp_path, of):
    engine = OnnxEngine(of.write(tmp_path / "x.onnx"), (2 * SIZE,), device=ON_CPU)
    photo, hole = photo_with_holes(500, 480, 30, 300)
    planned = plan(hole, engine.info.window_sizes, reach=engine.info.traits.reach)
    filled = fill(photo, hole, planned, engine.infer, traits=engine.info.traits)
    assert filled.windows > 4
    np.testing.assert_array_equal(filled.image[~hole], photo[~hole])
    due = by_the_dummy(photo, hole, engine.info)
    np.testing.assert_allclose(filled.image.astype(int), due, atol=2)


@pytest.fixture(scope="module")
def upload():
    """A photo of 3 megapixels, its hole, and both as files."""
    photo, hole = photo_with_holes(1536, 2048, 120, 560)
    return photo, hole, {"image": file_of(photo), "mask": mask_file(hole)}


def fill_over_http(path, of, upload):
    """With holes smaller and larger than a window."""
    photo, hole, files = upload
    engine = OnnxEngine(of.write(path), (512,), device=ON_CPU)
    with client_of(engine) as client:
        answer = client.post("/inpaint", files=files, data={"texture": "off"})
        assert answer.status_code == 200, answer.text
        assert client.get("/model").json()["signature"] == of.signature
    filled = samples_of(answer.content)
    assert int(answer.headers["X-Inpaint-Windows"]) > 4
    np.testing.assert_array_equal(filled[~hole], photo[~hole])
    difference = np.abs(filled - by_the_dummy(photo, hole, engine.info))
    assert difference.max() <= 2


@pytest.mark.parametrize(
    "of",
    [
        replace(PCONV, output="y", mask=(1, 0)),
        replace(LAMA, answer=(0, 1)),
        replace(LAMA_WEB, element="float16", mask=(1, 0)),
        replace(MIGAN, size=512, batch=1),
        replace(MIGAN_BARE, size=512, batch=1),
    ],
    ids=str,
)
def test_a_photo_of_3_megapixels_is_filled_over_http(tmp_path, of, upload):
    fill_over_http(tmp_path / "x.onnx", of, upload)


@pytest.mark.long
@pytest.mark.parametrize("of", list(variations(512)), ids=str)
def test_a_photo_of_3_megapixels_is_filled_by_every_one_of_them(tmp_path, of, upload):
    fill_over_http(tmp_path / "x.onnx", of, upload)


@pytest.mark.parametrize(
    "of",
    [
        replace(MIGAN_BARE, pastes=True),
        *(pytest.param(row, marks=pytest.mark.long) for row in (LAMA, LAMA_WEB, MIGAN)),
    ],
    ids=str,
)
def test_real_weights_in_the_clothes_of_others_fill_as_they_do_in_their_own(tmp_path, of):
    """Of networks that were trained the bundled one is at hand."""
    clothed = OnnxEngine(
        of.write(tmp_path / "x.onnx", {}, onnx.load(BUNDLED)), (128,), device=ON_CPU
    )
    assert clothed.info.signature == of.signature
    assert clothed.info.traits.predicts_known is not of.pastes
    images, holes = smooth(128, 128)[np.newaxis], np.zeros((1, 128, 128), np.bool_)
    holes[:, 40:80, 30:70] = True
    shown = grown(holes, BLEND) if of.blends else holes
    bare = OnnxEngine(BUNDLED, (128,), device=ON_CPU, precision="fp32").infer(images, shown)
    np.testing.assert_allclose(clothed.infer(images, holes)[holes].astype(int), bare[holes], atol=1)


def test_windows_for_a_network_of_one_at_a_time_are_run_one_by_one(tmp_path):
    """MI-GAN's pipeline has any batch by its header, but cuts around all holes together."""
    engine = OnnxEngine(MIGAN.write(tmp_path / "x.onnx"), (64,), device=ON_CPU, max_batch=4)
    assert {size: list(runs) for size, runs in engine.warm_up().seconds.items()} == {64: [1]}
    images, holes = (
        np.stack([smooth(64, 64, seed) for seed in range(5)]),
        np.zeros((5, 64, 64), bool),
    )
    np.testing.assert_allclose(engine.infer(images, holes).astype(int), images, atol=1)


@pytest.mark.parametrize("name", KNOWN)
def test_the_setting_names_what_the_default_network_is(tmp_path, name):
    path = ROWS[name].write(tmp_path / "x.onnx")
    settings = settings_of(engine="onnx", model=path, model_signature=name, window_sizes=(128,))
    engine = build_engine(settings)
    assert engine.info.signature == name
    other = ROWS["lama" if name != "lama" else "migan"].write(tmp_path / "y.onnx")
    assert build_engine(settings, other).info.signature != name
    wrong = {"lama": "migan", "lama-web": "lama", "migan": "lama"}.get(name, "lama-web")
    if name != "migan-bare":  # whose header is that of lama-web
        settings = settings_of(engine="onnx", model=path, model_signature=wrong)
        with pytest.raises(EngineError, match=rf"has not the signature {wrong} \("):
            check_model(settings)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda whole: b"", "it is empty"),
        (lambda whole: whole[: len(whole) // 2], "cut off"),
        (lambda whole: b"<!DOCTYPE html><title>Not found</title>", "no ONNX file"),
    ],
    ids=["empty", "cut off", "a page"],
)
def test_wrong_files_are_refused_in_words_when_the_service_starts(tmp_path, content, words):
    path = tmp_path / "x.onnx"
    path.write_bytes(content(LAMA.write(path).read_bytes()))
    with pytest.raises(EngineError, match=rf"x\.onnx cannot be loaded as an ONNX model: .*{words}"):
        build_engine(settings_of(engine="onnx", model=path, window_sizes=(64,)))


def test_the_words_of_the_runtime_are_for_the_log(tmp_path, caplog):
    path = tmp_path / "x.onnx"
    path.write_bytes(LAMA.write(path).read_bytes().replace(b"ReduceSum", b"ReduceSux"))
    with pytest.raises(EngineError, match=r"the log says why$") as told:
        build_engine(settings_of(engine="onnx", model=path, window_sizes=(64,)))
    assert "ReduceSux" not in str(told.value)
    assert "ReduceSux" in caplog.text
    assert "ReduceSux" in in_full(told.value)


def test_a_network_that_is_named_wrongly_is_refused(tmp_path):
    path = LAMA_WEB.write(tmp_path / "x.onnx")
    with pytest.raises(EngineError, match=r"none fills a hole .*input: float32 \[\?, 4, \?, \?\]"):
        OnnxEngine(path, (128,), device=ON_CPU, signature="migan-bare")


def test_what_its_owner_says_in_full_is_run_and_warned_of_where_it_is_nonsense(tmp_path, caplog):
    path = LAMA.write(tmp_path / "x.onnx")
    path.with_suffix(".toml").write_text(
        'name = "Big"\nversion = "2"\nterms = "Apache-2.0"\noutput = "0..255"\nmask = "known"'
    )
    with caplog.at_level(logging.WARNING):
        info = OnnxEngine(path, (64,), device=ON_CPU).info
    assert (info.name, info.version, info.terms) == ("Big", "2", "Apache-2.0")
    assert "levels off, is that so?" in caplog.text


def test_what_cannot_be_told_is_refused_with_what_would_tell(tmp_path):
    """A range that is none of those known."""
    path = replace(LAMA, answer=(0, 100)).write(tmp_path / "x.onnx")
    with pytest.raises(EngineError) as caught:
        OnnxEngine(path, (64,), device=ON_CPU)
    words = str(caught.value)
    for part in ("of 6 ways to run it", "image: float32 [?, 3, ?, ?]", "lama-web: ", "x.toml"):
        assert part in words


def test_the_table_and_what_names_it_agree():
    named = Settings.model_fields["model_signature"].annotation.__args__
    assert named == ("auto", *KNOWN)
    fields = Sidecar.model_fields
    assert set(fields["signature"].annotation.__args__[0].__args__) == KNOWN.keys()
    assert set(fields["output"].annotation.__args__[0].__args__) == RANGES.keys()


def test_networks_of_other_names_than_ours_are_probed_and_take_no_lattice(tmp_path):
    swapped = replace(PCONV, inputs={"photo": ("picture",), "m": ("mask",)}, mask=(1, 0))
    info = OnnxEngine(swapped.write(tmp_path / "x.onnx"), (64,), device=ON_CPU).info
    assert (info.signature, info.traits.lattice) == ("pconv", 0)
