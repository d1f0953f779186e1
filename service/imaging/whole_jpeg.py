"""Whether a JPEG has all of its pixels, and how much is missing if not.

A decoder paints what is missing grey, and only remarks on it; an end marker says nothing, since it
may stand behind half of the data. Of libjpeg-turbo's remarks only the first can be read, so that
oddities in front of the pixels would hide the one that counts: it is asked about a file with
nothing but what the pixels need.
"""

import re
from typing import BinaryIO

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from service.errors import BrokenImage
from service.imaging.headers import JPEG_FRAME_MARKERS
from service.imaging.scans import START_OF_SCAN, Layout, Segment
from service.imaging.spliced import Piece, spliced

START, END = b"\xff\xd8", b"\xff\xd9"
QUANTISATION, HUFFMAN, ARITHMETIC, RESTART_INTERVAL = 0xDB, 0xC4, 0xCC, 0xDD
NEEDED = {QUANTISATION, HUFFMAN, ARITHMETIC, RESTART_INTERVAL, START_OF_SCAN, *JPEG_FRAME_MARKERS}
COLOURS = {1: "GRAY", 3: "RGB", 4: "CMYK"}
COEFFICIENTS = 64
PRECISION = 8  # bits of a coefficient that count when its missing ones are told as a share
SPARE_BYTES = 4  # in memory, for each pixel; longer files are left to the decoder
MORE_BYTES = 1 << 20
# What libjpeg-turbo says where compressed data end too early.
ENDS_EARLY = re.compile(r"premature end|found marker 0x(?!d[0-7])\w+ instead of RST", re.IGNORECASE)
ANY_MARKER = re.compile(rb"\xff+[^\x00\xff]")
NO_RESTART = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
RESTART = re.compile(rb"\xff([\xd0-\xd7])")
JUNK = b"\x5a\xa7\x93\x31\xec" * 9


def ended(file: BinaryIO, layout: Layout) -> BinaryIO:
    """The file with an end marker, if it lacks one."""
    if layout.is_ended:
        return file
    return spliced(file, [(0, layout.end), END])


def check_passes(file: BinaryIO, layout: Layout, what: str) -> None:
    """Check that the scans, as far as there are any, bring every coefficient to its end.

    Raises:
        BrokenImage: some are missing; says how many of a hundred.
    """
    missing = missing_detail(file, [s for s in layout.segments if s.marker in NEEDED])
    if missing:
        raise BrokenImage(_of_passes(what, missing))


def check_pixels(file: BinaryIO, layout: Layout, what: str, height: int, width: int) -> None:
    """Check that the compressed data last for all pixels. Decodes the file, up to three times.

    Args:
        file: A JPEG, seekable; left anywhere.
        layout: Its parts.
        what: What the file is to the client, for the error's words.
        height: Rows that its header announces.
        width: Columns that its header announces.

    Raises:
        BrokenImage: they end earlier; says how much is missing.
    """
    segments = [segment for segment in layout.segments if segment.marker in NEEDED]
    if sum(s.data_end - s.start for s in segments) > SPARE_BYTES * height * width + MORE_BYTES:
        return
    plain, colours = _plain(file, segments)
    try:
        simplejpeg.decode_jpeg(plain + END, colours)
    except ValueError as remark:
        first = _first_missing_row(plain, colours)
        if first is None and not ENDS_EARLY.search(str(remark)):
            return
    else:
        return
    rest = [s for s in segments if s.marker != START_OF_SCAN or s != _last_scan(segments)]
    missing = missing_detail(file, rest)
    is_single = sum(segment.marker == START_OF_SCAN for segment in segments) == 1
    if is_single and first is not None:
        share = (height - first) / height
        raise BrokenImage(
            f"the {what} is truncated: {percent(share)} of its pixels are missing, from row "
            f"{first + 1} of {height} on; send the whole file"
        )
    raise BrokenImage(_of_passes(what, missing))


def percent(share: float) -> str:
    """A share that is not zero, in words: `43%`."""
    return "all" if share == 1 else f"{min(max(share, 0.01), 0.99):.0%}"


def missing_detail(file: BinaryIO, segments: list[Segment]) -> float:
    """The share of all coefficients' bits that no scan brings (ITU-T T.81, G.1.1).

    Args:
        file: A JPEG, seekable; left anywhere.
        segments: Those that the decoder needs.
    """
    left: dict[int, NDArray[np.int64]] = {}
    for segment in segments:
        file.seek(segment.start + 4)
        body = file.read(segment.end - segment.start - 4)
        if segment.marker in JPEG_FRAME_MARKERS and len(body) >= 6:
            for component in body[6::3][: body[5]]:
                left.setdefault(component, np.full(COEFFICIENTS, PRECISION))
        elif segment.marker == START_OF_SCAN and body and len(body) >= 4 + 2 * body[0]:
            first, last, bits = body[1 + 2 * body[0] : 4 + 2 * body[0]]
            for component in body[1 : 1 + 2 * body[0] : 2]:
                if component in left:
                    left[component][first : last + 1] = min(bits & 15, PRECISION)
    if not left:
        return 1.0
    return float(np.mean(list(left.values()))) / PRECISION


def _of_passes(what: str, missing: float) -> str:
    if missing == 1:
        return f"the {what} is truncated: all of its pixels are missing; send the whole file"
    if not missing:
        return f"the {what} is damaged: data are missing in the midst of it; send the whole file"
    return (
        f"the {what} is truncated: it goes over its pixels in passes, and {percent(missing)} of "
        "their detail is missing; send the whole file"
    )


def _last_scan(segments: list[Segment]) -> Segment:
    return next(s for s in reversed(segments) if s.marker == START_OF_SCAN)


def _plain(file: BinaryIO, segments: list[Segment]) -> tuple[bytes, str]:
    """What the pixels need and no more, without an end; and the colours to decode it to."""
    colours = "RGB"
    interval = 0
    last = _last_scan(segments)
    pieces: list[Piece] = [START]
    for segment in segments[: segments.index(last) + 1]:
        file.seek(segment.start)
        body = file.read(segment.end - segment.start)
        pieces.append(body)
        if segment.marker in JPEG_FRAME_MARKERS:
            colours = COLOURS.get(body[9], "RGB")
        elif segment.marker == RESTART_INTERVAL:
            interval = int.from_bytes(body[4:6], "big")
        elif segment.marker == START_OF_SCAN:
            data = file.read(segment.data_end - segment.end)
            # A decoder reads as far as any marker that it does not expect.
            stop = (NO_RESTART if interval else ANY_MARKER).search(data)
            pieces.append(data[: stop.start() if stop else None])
    plain = spliced(file, pieces).read()
    return plain.rstrip(b"\xff"), colours


def _first_missing_row(plain: bytes, colours: str) -> int | None:
    """The first row that changes with what follows the data: it is not in them."""
    scan = plain.rfind(bytes((0xFF, START_OF_SCAN)))
    restarts = RESTART.findall(plain, scan)
    following = restarts[-1][0] - 0xD0 + 1 if restarts else 0
    # A decoder may wait for more bits, or for the next restart.
    junk = JUNK + b"".join(bytes((0xFF, 0xD0 + (following + n) % 8)) + JUNK for n in range(16))
    try:
        one, other = (
            simplejpeg.decode_jpeg(plain + tail + END, colours, strict=False)
            for tail in (b"", junk)
        )
    except ValueError:
        return None
    differing = np.flatnonzero((one != other).any(axis=(1, 2)))
    return int(differing[0]) if len(differing) else None
