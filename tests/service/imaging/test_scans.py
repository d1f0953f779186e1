import io
import re

import pytest

from service.errors import BrokenImage
from service.imaging.decoding import decode_photo
from service.imaging.masks import decode_mask
from service.imaging.scans import BLOCK_BYTES, MAX_SCANS, MAX_SEGMENTS, read_layout
from tests.service.pictures import file_of, smooth

PHOTO = smooth(40, 56)
PROGRESSIVE = file_of(PHOTO, "JPEG", progressive=True)
END = b"\xff\xd9"
LAST_SCAN = PROGRESSIVE[[m.start() for m in re.finditer(rb"\xff\xda", PROGRESSIVE)][-1] : -2]


def repeated(times: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    return PROGRESSIVE[:-2] + LAST_SCAN * times + END


def comment(data: bytes) -> bytes:
    return b"\xff\xfe" + (len(data) + 2).to_bytes(2, "big") + data


@pytest.mark.parametrize(
    "data",
    [
        PROGRESSIVE,
        file_of(PHOTO, "JPEG"),
        repeated(MAX_SCANS // 2),
        PROGRESSIVE + repeated(500),
        PROGRESSIVE[:2] + comment(LAST_SCAN * 200) + PROGRESSIVE[2:],
        PROGRESSIVE[:-2],
        PROGRESSIVE[:100],
        b"\xff\xd8\xff",
    ],
    ids=["progressive", "baseline", "many", "behind", "comment", "endless", "cut", "stub"],
)
def test_what_encoders_write_and_what_is_cut_off_passes(data):
    assert not read_layout(io.BytesIO(data)).is_excessive


@pytest.mark.parametrize(
    "data",
    [
        repeated(MAX_SCANS),
        PROGRESSIVE[:-2] + b"\x00" * (BLOCK_BYTES - 1) + LAST_SCAN * MAX_SCANS + END,
        PROGRESSIVE[:-2] + comment(END) + LAST_SCAN * MAX_SCANS + END,
        PROGRESSIVE[:-2] + b"\xff\x02\xff\xff" + LAST_SCAN * MAX_SCANS + END,
        PROGRESSIVE[:2] + comment(b"") * MAX_SEGMENTS + PROGRESSIVE[2:],
    ],
    ids=["repeated", "far behind", "behind a hidden end", "behind an odd marker", "segments"],
)
def test_a_file_that_keeps_a_decoder_busy_is_told(data):
    assert read_layout(io.BytesIO(data)).is_excessive


@pytest.mark.parametrize("offset", range(-2, 3))
def test_a_marker_across_two_blocks_counts(offset):
    scans = b"".join(b"\x00" * (BLOCK_BYTES + offset) + LAST_SCAN for _ in range(MAX_SCANS))
    assert read_layout(io.BytesIO(PROGRESSIVE[:-2] + scans + END)).is_excessive


def test_such_a_file_is_refused_before_it_is_decoded():
    with pytest.raises(BrokenImage, match="the image goes over its pixels in far too many scans"):
        decode_photo(io.BytesIO(repeated(1000)), 10**6)
    with pytest.raises(BrokenImage, match="the mask goes over"):
        decode_mask(io.BytesIO(repeated(1000)), 10**6)
