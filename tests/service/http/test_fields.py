"""Names of fields: each is known, or refused by name with the nearest that is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http.fields import Fields, InpaintOptions, nearest
from service.http.form import FIELDS
from service.http.other_clients import LAMA_CLEANER
from service.routes.openai import FIELDS as OPENAI_FIELDS
from tests.service.pictures import box_hole, file_of, mask_file, noise, samples_of

SAMPLES = noise(41, 57)
HOLE = box_hole(41, 57)
PHOTO, MASK = file_of(SAMPLES), mask_file(HOLE)

MEANT = {
    "Mask": "mask",
    "MASK": "mask",
    "mask[]": "mask",
    "mask_file": "mask",
    "maskFile": "mask",
    "inpaint_mask": "mask",
    "image_mask": "mask",
    "masks": "mask",
    "maks": "mask",
    "hole": "mask",
    "Image": "image",
    "images": "image",
    "image[]": "image",
    "init_image": "image",
    "photo": "image",
    "file": "image",
    "dilation": "dilate",
    "dilate_px": "dilate",
    "grow": "dilate",
    "invertMask": "invert_mask",
    "invert": "invert_mask",
    "Format": "format",
    "output_format": "format",
    "formt": "format",
}


@pytest.mark.parametrize("name", MEANT)
def test_the_nearest_name_is_told(client, name):
    assert nearest(name, FIELDS.names) == MEANT[name]
    response = client.post("/inpaint", files={"image": PHOTO, name: MASK})
    assert response.status_code == 422
    problem = response.json()
    assert problem["type"] == "urn:inpaint:problem:unknown-field"
    assert f"there is no field '{name}'; did you mean {MEANT[name]}?" in problem["detail"]


@pytest.mark.parametrize("name", ["strength", "q", "ldm_steps", "guidance_scale", "?", "Ünïcode"])
def test_other_names_are_refused_with_all_that_are_known(client, name):
    response = client.post("/inpaint", files={"image": PHOTO, "mask": MASK}, data={name: "1"})
    assert response.status_code == 422
    detail = response.json()["detail"]
    assert f"'{name}'" in detail
    for known in FIELDS.names:
        assert known in detail


@pytest.mark.parametrize("name", ["x" * 500, "\x00\x1b[31m", 'a"b'])
def test_no_name_breaks_the_words(client, name):
    response = client.post("/inpaint", files={"image": PHOTO}, data={name: "1"})
    assert response.status_code == 422
    detail = response.json()["detail"]
    assert len(detail) < 400
    assert detail.isprintable()


@given(st.text())
def test_any_name_has_a_nearest_one_or_none(name):
    assert nearest(name, FIELDS.names) in (None, *FIELDS.names)


def test_what_lama_cleaner_sends_passes_and_changes_nothing(client):
    files = {"image": PHOTO, "mask": MASK, "paintByExampleImage": ("a.png", PHOTO)}
    texts = dict.fromkeys(LAMA_CLEANER - files.keys(), "1" * 5000)
    response = client.post("/inpaint", files=files, data=texts)
    assert response.status_code == 200, response.text
    plain = client.post("/inpaint", files={"image": PHOTO, "mask": MASK})
    assert response.content == plain.content


def test_what_means_something_is_never_ignored():
    for fields in (FIELDS, OPENAI_FIELDS):
        assert not set(fields.names) & set(fields.ignored)


@pytest.mark.parametrize(
    ("query", "cure"),
    [
        ("dilate=5", "send dilate as a field of the form"),
        ("Format=jpeg", "send format as a field of the form"),
        ("invert=1", "send invert_mask as a field of the form"),
        ("mask=http://a.example/m.png", "send mask as a field of the form"),
        ("strength=3", "send fields of the form"),
        ("dilate=", "send dilate as a field of the form"),
    ],
)
def test_options_in_the_query_are_refused_by_name(client, query, cure):
    response = client.post(f"/inpaint?{query}", files={"image": PHOTO, "mask": MASK})
    assert response.status_code == 422
    detail = response.json()["detail"]
    assert f"'{query.partition('=')[0]}'" in detail
    assert cure in detail


@pytest.mark.parametrize("name", ["image", "mask", "dilate", "format", "invert_mask"])
def test_a_field_that_is_there_twice_is_refused_by_name(client, name):
    values = {"image": PHOTO, "mask": MASK, "dilate": b"1", "format": b"png", "invert_mask": b"0"}
    parts = [("image", ("a", PHOTO)), ("mask", ("a", MASK))]
    parts += [(name, ("a" if name in ("image", "mask") else None, values[name]))] * 2
    response = client.post("/inpaint", files=parts)
    assert response.status_code == 422
    assert f"{name} is there twice" in response.json()["detail"]


def test_an_empty_double_is_none(client):
    # Forms of browsers: a file input that was left empty beside a mask that a script appended.
    parts = [
        ("image", ("a", PHOTO)),
        ("mask", ("", b"")),
        ("mask", ("a", MASK)),
        ("mask", ("", b"")),
    ]
    parts += [("dilate", (None, b"")), ("dilate", (None, b"3")), ("dilate", (None, b""))]
    response = client.post("/inpaint", files=parts)
    assert response.status_code == 200, response.text
    grown = client.post("/inpaint", files={"image": PHOTO, "mask": MASK}, data={"dilate": "3"})
    assert response.content == grown.content


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("dilate", "much", "dilate must be a whole number from 0 to 256, not 'much'"),
        ("dilate", "1.5", "dilate must be a whole number from 0 to 256, not '1.5'"),
        ("dilate", "-1", "dilate must be a whole number from 0 to 256, not '-1'"),
        ("invert_mask", "perhaps", "invert_mask must be true or false, not 'perhaps'"),
        ("format", "gif", "format must be png, webp, jpeg or jpg, not 'gif'"),
        ("format", "g" * 900, "..."),
    ],
)
def test_a_refused_value_comes_with_what_the_field_takes(client, field, value, words):
    response = client.post("/inpaint", files={"image": PHOTO}, data={field: value})
    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert len(response.json()["detail"]) < 200


@pytest.mark.parametrize("name", ["jpg", "JPG", "jpeg", "JPEG", " jpeg\n", "WebP", "PNG"])
def test_formats_go_by_their_common_names(client, name):
    response = client.post("/inpaint", files={"image": PHOTO}, data={"format": name})
    kind = name.strip().lower().replace("jpg", "jpeg")
    assert response.headers["content-type"] == f"image/{kind}"


@pytest.mark.parametrize("value", ["true", "True", "1", "on", "yes", " true\r\n"])
def test_booleans_are_written_in_every_common_way(client, value):
    files = {"image": PHOTO, "mask": mask_file(~HOLE)}
    response = client.post("/inpaint", files=files, data={"invert_mask": value})
    changed = (samples_of(response.content) != SAMPLES).any(axis=-1)
    assert changed[HOLE].any()
    assert not changed[~HOLE].any()


def test_every_option_is_in_the_schema(client):
    body = client.get("/openapi.json").json()["paths"]["/inpaint"]["post"]["requestBody"]
    described = body["content"]["multipart/form-data"]["schema"]["properties"]
    assert described.keys() == set(Fields(InpaintOptions).names)
    assert all(re.search(r"\w", described[name]["description"]) for name in described)
