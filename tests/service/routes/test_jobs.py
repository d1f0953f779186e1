"""`POST /inpaint` with `Prefer: respond-async`, and what `/jobs/{id}` answers."""

import re

import numpy as np
import pytest

from service.engine.base import EngineError
from service.engine.dummy import DummyEngine
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of
from tests.service.routes.jobs import (
    ASYNC,
    FILES,
    HOLE,
    NOWHERE,
    begin,
    ended,
    jobs_in,
    metric,
)
from tests.service.servers import (
    SIZES,
    client_of,
    wait_until_idle,
)


@pytest.mark.parametrize(
    "prefer",
    [
        [("Prefer", "respond-async")],
        [("Prefer", "Respond-Async, wait=10")],
        [("Prefer", "return=minimal"), ("Prefer", "respond-async;x=1")],
    ],
    ids=["alone", "beside others", "twice"],
)
def test_the_result_of_a_job_is_the_answer_of_the_request(client, prefer):
    plain = client.post("/inpaint", files=FILES, data={"format": "webp"})
    made = client.post("/inpaint", files=FILES, data={"format": "webp"}, headers=prefer)
    assert made.status_code == 202
    assert made.headers["preference-applied"] == "respond-async"
    assert int(made.headers["retry-after"]) >= 1
    location = made.headers["location"]
    assert re.fullmatch(r"/jobs/[0-9a-f]{48}", location)
    assert made.json()["id"] == location.rpartition("/")[2]
    state = ended(client, location)
    assert state["state"] == "done"
    assert state["progress"]["done"] == state["progress"]["total"] >= 1
    assert state["result"] == f"{location}/result"
    assert 0 <= state["expires_in_s"] <= 600
    for _ in range(2):  # it can be had more than once
        result = client.get(state["result"])
        assert result.status_code == 200
        assert result.content == plain.content
        assert result.headers["content-type"] == "image/webp"
        assert result.headers["x-inpaint-windows"] == plain.headers["x-inpaint-windows"]
        assert result.headers["cache-control"] == "no-store"
        assert "infer;dur=" in result.headers["server-timing"]


@pytest.mark.parametrize("prefer", ["return=minimal", "respond-asynchronously", "wait=10", ""])
def test_other_preferences_are_no_wish_for_a_job(client, prefer):
    response = client.post("/inpaint", files=FILES, headers={"Prefer": prefer})
    assert response.status_code == 200
    assert "preference-applied" not in response.headers


def test_a_large_result_is_whole(client):
    samples = noise(700, 900)  # noise does not compress: several pieces
    hole = box_hole(700, 900)
    location = begin(client, {"image": file_of(samples), "mask": mask_file(hole)})
    result = client.get(ended(client, location)["result"])
    assert len(result.content) == int(result.headers["content-length"])
    np.testing.assert_array_equal(samples_of(result.content)[~hole], samples[~hole])


def test_head_is_get_without_the_body(client):
    location = begin(client)
    result = ended(client, location)["result"]
    for path in (location, result):
        got, asked = client.get(path), client.head(path)
        assert (asked.status_code, asked.content) == (200, b"")
        assert asked.headers["content-type"] == got.headers["content-type"]
    assert client.head(result).headers["content-length"] == got.headers["content-length"]


def test_no_two_ids_are_alike_and_none_is_in_the_log(client, caplog):
    with caplog.at_level("DEBUG"):
        locations = [begin(client) for _ in range(5)]
        for location in locations:
            client.get(ended(client, location)["result"])
            assert client.delete(location).status_code == 204
    ids = {location.rpartition("/")[2] for location in locations}
    assert len(ids) == 5
    own = [record for record in caplog.records if record.name.startswith("service")]
    told = "\n".join(str(vars(record)) for record in own)
    assert "/jobs/{id}/result" in told
    assert "'state': 'done'" in told
    assert not [job_id for job_id in ids if job_id in told]


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
@pytest.mark.parametrize("job_id", [48 * "0", "%2e%2e%2fetc", "a/b", "{id}"])
def test_an_unknown_job_is_404(client, method, job_id):
    response = client.request(method, f"/jobs/{job_id}")
    assert response.status_code in ((404, 405) if "/" in job_id else (404,))


def test_what_is_asked_of_an_unknown_job_is_answered_in_words(client):
    for path in (NOWHERE, f"{NOWHERE}/result"):
        response = client.get(path)
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"] == "urn:inpaint:problem:no-such-job"


def test_other_methods_are_told_which_there_are(client):
    assert client.post(NOWHERE).headers["allow"] == "DELETE, GET, HEAD"
    assert client.delete(f"{NOWHERE}/result").headers["allow"] == "GET, HEAD"


def test_a_job_that_fails_keeps_its_problem(client):
    files = {"image": FILES["image"], "mask": file_of(noise(9, 9))}
    plain = client.post("/inpaint", files=files)
    made = client.post("/inpaint", files=files, headers=ASYNC | {"X-Request-ID": "mine"})
    location = made.headers["location"]
    state = ended(client, location)
    assert state["state"] == "failed"
    assert state["result"] is None
    assert state["problem"] == plain.json() | {"request_id": "mine"}
    result = client.get(f"{location}/result")
    assert result.status_code == plain.status_code == 422
    assert result.headers["content-type"] == "application/problem+json"
    assert result.json()["detail"] == plain.json()["detail"]


class Failing(DummyEngine):
    def infer(self, images, holes):
        raise EngineError("secret")


def test_a_failing_engine_is_told_without_its_secrets():
    with client_of(Failing(SIZES)) as client:
        state = ended(client, begin(client))
        assert metric(client, 'inpaint_jobs_ended_total{outcome="failed"}') == 1
        assert metric(client, 'inpaint_problems_total{problem="inference-failed"}') == 1
        assert metric(client, "inpaint_jobs_folder_bytes") == 0
    assert state["problem"]["status"] == 500
    assert "secret" not in str(state)


@pytest.mark.parametrize(
    ("files", "fields", "status"),
    [
        ({"mask": FILES["mask"]}, {}, 422),
        (FILES, {"dilate": "many"}, 422),
        ({"image": b"no image"}, {}, 415),
    ],
    ids=["no image", "a field out of range", "no picture"],
)
def test_what_is_refused_at_once_makes_no_job(client, files, fields, status):
    before = jobs_in(client)
    response = client.post("/inpaint", files=files, data=fields, headers=ASYNC)
    assert response.status_code == status
    assert "preference-applied" not in response.headers
    assert jobs_in(client) == before
    wait_until_idle(client)


def test_only_the_key_that_made_a_job_sees_it():
    mine, other = ({"Authorization": f"Bearer {key}"} for key in ("mine", "other"))
    with client_of(api_keys="other,mine") as client:
        location = begin(client, headers=mine)
        ended(client, location, **mine)
        for path, method in (
            (location, "GET"),
            (location, "HEAD"),
            (f"{location}/result", "GET"),
            (location, "DELETE"),
        ):
            assert client.request(method, path).status_code == 401
            stranger = client.request(method, path, headers=other)
            unknown = client.request(method, path.replace(location, NOWHERE), headers=other)
            assert stranger.status_code == unknown.status_code == 404
            if method != "HEAD":
                assert stranger.json()["detail"] == unknown.json()["detail"]
        assert client.get(f"{location}/result", headers=mine).status_code == 200
        assert client.delete(location, headers=mine).status_code == 204


def test_a_proxys_path_is_in_front_of_a_jobs_address():
    with client_of(root_path="/inpainting") as client:
        location = begin(client)
        assert location.startswith("/inpainting/jobs/")
        assert ended(client, location)["result"] == f"{location}/result"
        assert client.get(f"{location}/result").status_code == 200


def test_a_job_that_changes_nothing_of_a_crop_has_an_empty_answer(client):
    unchanged = {"image": FILES["image"], "mask": mask_file(np.zeros_like(HOLE))}
    location = begin(client, unchanged, crop="true")
    result = client.get(ended(client, location)["result"])
    assert (result.status_code, result.content) == (204, b"")
    assert result.headers["x-inpaint-crop"] == "0,0,0,0"
    assert "content-length" not in result.headers
