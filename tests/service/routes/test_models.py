"""Several networks behind one service: chosen by name, loaded when asked for, told apart."""

import base64
import json
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openai
import pytest

from service.app import create_app
from service.engine.base import EngineError
from service.engine.dummy import DummyEngine
from service.engine.onnx import OnnxEngine
from tests.service.engine.onnx_models import write_painting_model
from tests.service.gated import GatedEngine
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of
from tests.service.servers import PATIENCE_S, SIZES, client_of, settings_of, wait_for

COLOURS = {"dark": 20, "light": 230}
HOLE = box_hole(40, 44)
PHOTO = {"image": file_of(noise(40, 44)), "mask": mask_file(HOLE)}


def filled_by(answer: bytes) -> str:
    """The network that painted an answer's hole."""
    (colour,) = np.unique(samples_of(answer)[HOLE])
    return {value: name for name, value in COLOURS.items()}[int(colour)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two networks that can be served, and a file that cannot."""
    folder = tmp_path_factory.mktemp("models")
    for name, colour in COLOURS.items():
        write_painting_model(folder / f"{name}.onnx", colour)
    (folder / "empty.onnx").touch()
    return folder


def served(folder, **values):
    """A server of a folder's networks, `light` the default one."""
    engine = OnnxEngine(folder / "light.onnx", SIZES)
    defaults = {"engine": "onnx", "models": folder, "model": "light", "texture": "off"}
    return client_of(engine, **(defaults | values))


@pytest.fixture(scope="module")
def client(folder):
    with served(folder) as client:
        yield client


def fill(client, model=None, **values):
    fields = {} if model is None else {"model": model}
    return client.post("/inpaint", files=PHOTO, data=fields, **values)


def test_they_are_listed_the_default_one_first(client):
    names = ["light", "dark", "empty"]
    assert [model["id"] for model in client.get("/v1/models").json()["data"]] == names
    about = client.get("/model").json()
    assert (about["name"], about["models"]) == ("light", names)
    assert about["metadata"]["name"] == "tiny"
    assert client.get("/web/service.json").json()["models"] == ["light", "dark"]
    assert client.get("/api/v1/model").json()["name"] == "light"


def test_one_is_loaded_when_it_is_asked_for(folder, caplog):
    with caplog.at_level(logging.INFO), served(folder) as client:
        assert client.get("/model/dark").json() == {
            "name": "dark",
            "default": False,
            "loaded": False,
            "refusal": None,
            "about": None,
        }
        first, second = fill(client, "dark"), fill(client, "dark")
        assert [filled_by(answer.content) for answer in (first, second)] == ["dark", "dark"]
        assert first.headers["X-Inpaint-Model"] == "dark"
        assert "load;dur=" in first.headers["Server-Timing"]
        assert "load;dur=" not in second.headers["Server-Timing"]
        state = client.get("/model/dark").json()
        assert state["loaded"]
        assert state["about"]["memory_bytes"] > 0
        lines = client.get("/metrics").text.splitlines()
    assert 'inpaint_model_loads_total{model="dark",outcome="loaded"} 1.0' in lines
    assert 'inpaint_model_loaded{model="dark"} 1.0' in lines
    assert any(
        line.startswith("inpaint_windows_total{") and 'model="dark"' in line for line in lines
    )
    loaded = next(record for record in caplog.records if record.message == "model loaded")
    assert (loaded.model, loaded.load_s >= 0) == ("dark", True)
    requests = [record for record in caplog.records if record.message == "request"]
    assert "dark" in {getattr(record, "model", None) for record in requests}


def test_without_a_name_the_default_one_fills(client):
    for name in (None, "", "light"):
        answer = fill(client, name)
        assert filled_by(answer.content) == answer.headers["X-Inpaint-Model"] == "light"


@pytest.mark.parametrize("name", ["black", "DARK", "../dark", "dark.onnx", "\u00fc\n"])
def test_a_name_that_there_is_not_is_answered_with_those_there_are(client, name):
    answer = fill(client, name)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:inpaint:problem:unknown-model")
    assert "there are: light, dark, empty" in answer.json()["detail"]


def test_one_that_nobody_knows_cannot_be_described(client):
    answer = client.get("/model/black")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:inpaint:problem:no-such-model")
    assert "there are: light, dark, empty" in answer.json()["detail"]


def test_one_that_cannot_be_served_says_why(client):
    answer = fill(client, "empty")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    problem = answer.json()
    assert problem["type"] == "urn:inpaint:problem:model-refused"
    assert problem["detail"].startswith("empty.onnx ")
    state = client.get("/model/empty").json()
    assert (state["loaded"], state["refusal"]) == (False, problem["detail"])


def test_a_broken_file_is_served_once_it_has_been_replaced(folder, tmp_path):
    here = shutil.copytree(folder, tmp_path / "models")
    with served(here) as client:
        assert fill(client, "empty").status_code == 503
        shutil.copy(here / "dark.onnx", here / "empty.onnx")
        assert filled_by(fill(client, "empty").content) == "dark"


def test_events_and_jobs_choose_too(client):
    streamed = fill(client, "dark", headers={"Accept": "text/event-stream"}).text
    (line,) = [line for line in streamed.splitlines() if line.startswith('data: {"media_type"')]
    result = json.loads(line.removeprefix("data: "))
    assert filled_by(base64.b64decode(result["image"])) == result["model"] == "dark"
    job = fill(client, "dark", headers={"Prefer": "respond-async"}).json()
    wait_for(lambda: client.get(f"/jobs/{job['id']}").json()["state"] == "done")
    answer = client.get(f"/jobs/{job['id']}/result")
    assert filled_by(answer.content) == answer.headers["X-Inpaint-Model"] == "dark"


@pytest.mark.parametrize(("name", "filler"), [("dark", "dark"), ("gpt-image-1", "light")])
def test_clients_of_openai_may_name_one(client, name, filler):
    rgba = file_of(np.dstack([noise(40, 44), np.where(HOLE, 0, 255).astype(np.uint8)]))
    base = f"{client.base_url}/v1"
    with openai.OpenAI(base_url=base, api_key="none", max_retries=0) as asked:
        edit = asked.images.edit(image=PHOTO["image"], mask=rgba, prompt="", model=name)
    assert filled_by(base64.b64decode(edit.data[0].b64_json)) == filler


def test_eight_clients_that_alternate_are_never_mixed_up(folder):
    names = [list(COLOURS)[n % 2] for n in range(80)]
    with served(folder, workers=8, queue_size=80, batch_wait_ms=5) as client:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda name: fill(client, name), names))
        runtime = client.app.state.runtime
        assert runtime.backlog.seconds == 0
    assert [answer.status_code for answer in answers] == [200] * len(names)
    assert [filled_by(answer.content) for answer in answers] == names
    known = noise(40, 44)[~HOLE]
    for answer in answers:
        np.testing.assert_array_equal(samples_of(answer.content)[~HOLE], known)


def test_one_in_line_for_another_network_takes_no_worker(tmp_path):
    """As many requests as there are workers wait for a load; others are answered meanwhile."""
    engine = GatedEngine()
    (tmp_path / "slow.onnx").touch()

    def build(_):
        assert engine.gate.acquire(timeout=PATIENCE_S)
        return DummyEngine(SIZES)

    with (
        client_of(models=tmp_path, workers=1, build=build) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        waiting = [pool.submit(fill, client, "slow") for _ in range(2)]
        admission = client.app.state.runtime.admission
        wait_for(lambda: admission.waiting == 2)
        assert fill(client).headers["X-Inpaint-Model"] == "dummy"
        assert fill(client, "dummy").status_code == 200
        engine.open()
        assert [answer.result(PATIENCE_S).status_code for answer in waiting] == [200, 200]


def test_the_device_is_shared_and_so_is_the_backlog(tmp_path):
    """What one network has still to do counts for requests of another."""
    engine = GatedEngine()
    (tmp_path / "other.onnx").touch()
    with (
        client_of(engine, models=tmp_path, build=lambda _: DummyEngine(SIZES)) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        runtime = client.app.state.runtime
        requests = [pool.submit(fill, client)]
        wait_for(lambda: engine.runs == 1)
        before = runtime.backlog.seconds
        requests.append(pool.submit(fill, client, "other"))
        wait_for(lambda: (other := runtime.networks.find("other")) and other.lane.waiting)
        assert runtime.backlog.seconds > before > 0
        assert runtime.networks.busy_s() > 0
        engine.open()
        assert [answer.result(PATIENCE_S).status_code for answer in requests] == [200, 200]


def test_the_default_one_must_be_there(tmp_path):
    (tmp_path / "a.onnx").touch()
    with pytest.raises(EngineError, match=r"there is no model nothing: .*those in .*: a$"):
        create_app(settings_of(models=tmp_path, model="nothing"))
