"""Filled photos say so, and no others."""

import numpy as np
import pytest
from PIL import Image

from tests.service.pictures import box_hole, file_of, mask_file, noise, opened
from tests.service.servers import client_of

SAID = b"digitalsourcetype/compositeWithTrainedAlgorithmicMedia<"
HOLE = box_hole(41, 57)


def answer(client, image, hole=HOLE, **fields):
    files = {"image": image, "mask": mask_file(hole)}
    response = client.post("/inpaint", files=files, data=fields)
    assert response.status_code == 200, response.text
    return response.content


@pytest.mark.parametrize("metadata", ["keep", "no_location", "strip"])
@pytest.mark.parametrize("output", ["png", "webp", "jpeg"])
def test_a_filled_photo_says_so(client, output, metadata):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    image = file_of(noise(41, 57), "JPEG", exif=exif.tobytes())
    filled = opened(answer(client, image, format=output, metadata=metadata))
    assert SAID in filled.info["xmp"]
    assert (filled.getexif().get(0x010F) == "Maker") == (metadata != "strip")
    part = opened(answer(client, image, format=output, metadata=metadata, crop="true"))
    assert SAID in part.info["xmp"]


def test_what_was_not_filled_says_nothing(client):
    assert SAID not in answer(client, file_of(noise(41, 57)), np.zeros_like(HOLE))


def test_servers_may_be_set_to_say_nothing():
    with client_of(provenance=False) as client:
        filled = opened(answer(client, file_of(noise(41, 57))))
    assert "xmp" not in filled.info
