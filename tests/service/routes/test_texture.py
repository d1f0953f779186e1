"""The field `texture`, and what answers say of it."""

import re

import numpy as np
import pytest

from service.engine.dummy import DummyEngine
from service.engine.run_table import RunTable
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of
from tests.service.routes.test_events import stream
from tests.service.servers import SIZES, client_of

SAMPLES = noise(90, 120)
HOLE = box_hole(90, 120, 30, 40, 24)
FILES = {"image": file_of(SAMPLES), "mask": mask_file(HOLE)}


def answer(client, files=FILES, **fields):
    response = client.post("/inpaint", files=files, data=fields)
    assert response.status_code == 200, response.text
    timings = dict(re.findall(r"(\w+);dur=([\d.]+)", response.headers["server-timing"]))
    return samples_of(response.content), response.headers["x-inpaint-texture"], timings


def test_it_is_on_by_default_and_copies_known_pixels(client):
    image, outcome, timings = answer(client)
    assert outcome == "on"
    assert "texture" in timings
    plain, outcome, timings = answer(client, texture="off")
    assert outcome == "off"
    assert "texture" not in timings
    assert np.array_equal(image[~HOLE], SAMPLES[~HOLE])
    assert plain[HOLE].std() < 40 < image[HOLE].std()  # the dummy's mean colour, and noise


def test_the_setting_is_the_fields_default():
    with client_of(texture="off") as client:
        assert answer(client)[1] == "off"
        assert answer(client, texture="on")[1] == "on"
        assert answer(client, texture="auto")[1] == "on"
        edited = client.post("/v1/images/edits", files={"image": cut_out(), "mask": cut_out()})
        assert edited.status_code == 200
        assert 'inpaint_texture_total{outcome="off"} 2.0' in client.get("/metrics").text


def cut_out():
    alpha = np.where(HOLE, 0, 255).astype(np.uint8)
    return file_of(np.dstack((SAMPLES, alpha)))


def test_other_words_are_refused(client):
    response = client.post("/inpaint", files=FILES, data={"texture": "yes"})
    assert response.status_code == 422
    assert "texture" in response.json()["detail"]


def test_without_a_hole_there_is_none(client):
    files = FILES | {"mask": mask_file(np.zeros_like(HOLE))}
    assert answer(client, files)[1] == "none"


def test_too_little_known_leaves_the_models_fill(client):
    hole = np.ones((90, 120), np.bool_)
    hole[:2] = False
    files = FILES | {"mask": mask_file(hole)}
    image, outcome, _ = answer(client, files)
    assert outcome == "none"
    assert np.array_equal(image, answer(client, files, texture="off")[0])


def test_too_large_is_left_out_unless_it_is_asked_for():
    hole = np.zeros((400, 500), np.bool_)
    hole[50:350, 50:450] = True
    files = {"image": file_of(noise(400, 500)), "mask": mask_file(hole)}
    with client_of(texture_memory_mb=1) as client:
        assert answer(client, files)[1] == "large"
        assert answer(client, files, texture="on")[1] == "on"


def test_without_time_it_is_left_out_or_refused():
    with client_of() as client:
        client.app.state.runtime.pipeline.texturing._costs.update({0: 1e6})
        image, outcome, _ = answer(client)
        assert outcome == "late"
        assert np.array_equal(image, answer(client, texture="off")[0])
        refused = client.post("/inpaint", files=FILES, data={"texture": "on"})
        assert refused.status_code == 503
        assert client.app.state.runtime.backlog.seconds == 0


def test_windows_that_would_be_late_themselves_are_refused_still():
    class Slow(DummyEngine):
        def warm_up(self, *_):
            return RunTable({size: {1: 1e6} for size in SIZES})

    with client_of(Slow(SIZES)) as client:
        assert client.post("/inpaint", files=FILES).status_code == 503


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA"])
def test_grey_and_transparent_photos(client, mode):
    samples = SAMPLES[..., 0] if mode.startswith("L") else SAMPLES
    if mode.endswith("A"):
        alpha = np.full(HOLE.shape, 255, np.uint8)
        alpha[:, 90:] = 0
        samples = np.dstack((samples, alpha))
    image, outcome, _ = answer(client, FILES | {"image": file_of(samples)})
    assert outcome == "on"
    assert image.shape == samples.shape
    assert np.array_equal(image[~HOLE], samples[~HOLE])


def test_what_full_transparency_hides_is_not_copied(client):
    samples = np.full((90, 120, 4), (30, 60, 90, 255), np.uint8)
    samples[:, 70:] = (255, 0, 255, 0)
    image, _, _ = answer(client, FILES | {"image": file_of(samples)})
    assert image[HOLE][:, 1].min() > 40  # nothing of the magenta


def test_progress_counts_the_holes_after_the_windows(client):
    _, events = stream(client, FILES)
    steps = [data for name, data in events if name == "progress"]
    result = events[-1][1]
    assert result["texture"] == "on"
    assert steps[-1] == {"done": result["windows"] + 1, "total": result["windows"] + 1}
    _, events = stream(client, FILES, texture="off")
    assert events[-2][1]["total"] == events[-1][1]["windows"]


def test_a_seed_gives_another_texture_and_the_same_one_again(client):
    samples = noise(120, 150)
    hole = box_hole(120, 150, 40, 50, 30)
    files = {"image": file_of(samples), "mask": mask_file(hole)}

    def filled(**fields):
        response = client.post("/inpaint", files=files, data=fields)
        assert response.status_code == 200, response.text
        return response.content

    assert filled(seed="0") == filled()
    assert filled(seed="7") == filled(seed="7")
    assert filled(seed="7") != filled()
    assert filled(seed="7", texture="off") == filled(texture="off")


@pytest.mark.parametrize("value", ["-1", "2147483648", "1.5", "any"])
def test_a_seed_out_of_range_is_refused(client, value):
    response = client.post("/inpaint", files={"image": file_of(noise(9, 9))}, data={"seed": value})
    assert response.status_code == 422
    assert "seed must be a whole number from 0 to 2147483647" in response.json()["detail"]
