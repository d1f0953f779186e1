"""A whole request, file to file, against OpenCV's Telea between the same decoding and encoding.

    python -m benchmarks.whole_request [--rounds 7]

A JPEG of 12 megapixels with ten holes of 140x140 spread over it, answered as PNG: through the
service's pipeline with the real engine and lane, and by the service's decoding, `cv2.inpaint`
(Telea, radius 3) over the whole array and the service's encoding. Both by the clock, in turn; the
ratio is the median of the rounds' ratios. The bar is 1.5 without the texture (INPAINT_TEXTURE=off)
and 3 with it. Settings (INPAINT_MODEL, ...) apply as to the server.
"""

import io
from collections.abc import Callable
from statistics import median

import cv2
import numpy as np

from benchmarks.files import file_of
from benchmarks.options import parser_of
from benchmarks.photos import camera_photo, square_holes
from benchmarks.pipelines import NO_LIMIT, Run, encoding_of, pipeline_of, work_of
from benchmarks.report import Report
from benchmarks.rounds import Times, ratio
from service.engine.build import build_engine
from service.imaging.decoding import decode_photo
from service.imaging.encoding import Encoding, encode
from service.imaging.masks import decode_mask
from service.operation.allocator import tune_allocator
from service.record import Timings
from service.settings import Settings

HEIGHT, WIDTH = 3000, 4000
CORNERS = [(row, column) for row in (500, 2300) for column in range(300, 3800, 800)]
HOLE_SIDE = 140
RADIUS = 3
BARS = {"off": 1.5, "auto": 3.0}  # without the texture, and with it
SERVICE, TELEA = "service", "Telea"


def request_files() -> tuple[bytes, bytes]:
    """The photo and its mask."""
    hole = square_holes(HEIGHT, WIDTH, HOLE_SIDE, *CORNERS)
    return file_of(camera_photo(HEIGHT, WIDTH), "JPEG", quality=95), file_of(hole, "PNG")


def served(run: Run, photo: bytes, mask: bytes) -> Timings:
    """One request through the service; its seconds by step."""
    return run(work_of(photo, mask)).timings


def by_telea(photo: bytes, mask: bytes, encoding: Encoding) -> Timings:
    """The same by OpenCV; its seconds by step."""
    timings = Timings()
    with timings.measure("decode"):
        decoded = decode_photo(io.BytesIO(photo), NO_LIMIT)
    with timings.measure("mask"):
        hole = decode_mask(io.BytesIO(mask), NO_LIMIT)
    with timings.measure("infer"):
        decoded.pixels = np.asarray(
            cv2.inpaint(decoded.pixels, hole.view(np.uint8), RADIUS, cv2.INPAINT_TELEA), np.uint8
        )
    with timings.measure("encode"):
        encode(decoded, "png", encoding)
    return timings


def measure(
    ways: dict[str, Callable[[], Timings]], rounds: int
) -> tuple[dict[str, Times], dict[str, list[Timings]]]:
    """Seconds of every way, and the steps they were spent on, round by round."""
    times = {name: Times() for name in ways}
    steps: dict[str, list[Timings]] = {name: [] for name in ways}
    for way in ways.values():
        way()  # the first of each warms caches
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].time(lambda name=name, way=way: steps[name].append(way()))
    return times, steps


def median_steps(rounds: list[Timings]) -> dict[str, float]:
    """Median seconds of every step."""
    return {step: median(one.seconds[step] for one in rounds) for step in rounds[0].seconds}


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("whole_request", __doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    report = Report(
        "whole_request",
        "A whole request: 12 megapixels, ten holes of 140x140, JPEG to PNG",
        peer="OpenCV's Telea (radius 3) between the same decoding and encoding",
        columns={
            "part": "Part",
            "service_s": "Service, s",
            "telea_s": "Telea, s",
            "ratio": "Service over Telea",
        },
        labels=("part",),
    )
    tune_allocator()  # as the server does
    settings = Settings()
    engine = build_engine(settings)
    report.settings = {
        "rounds": options.rounds,
        "precision": engine.info.precision,
        "texture": settings.texture,
    }
    photo, mask = request_files()
    with pipeline_of(engine, settings) as run:
        ways = {
            SERVICE: lambda: served(run, photo, mask),
            TELEA: lambda: by_telea(photo, mask, encoding_of(settings)),
        }
        times, steps = measure(ways, options.rounds)
    whole = ratio(times[SERVICE].wall, times[TELEA].wall)
    report.add(
        part="the whole request",
        service_s=times[SERVICE].median_s,
        telea_s=times[TELEA].median_s,
        ratio=whole,
    )
    theirs = median_steps(steps[TELEA])
    for step, seconds in median_steps(steps[SERVICE]).items():
        other = theirs.get(step)
        report.add(
            part=step, service_s=seconds, telea_s=other, ratio=seconds / other if other else None
        )
    bar = BARS["off" if settings.texture == "off" else "auto"]
    report.at_most("whole request over Telea and codecs", whole, bar)
    report.notes.append("Telea's `infer` is `cv2.inpaint` over the whole array.")
    report.write(options.out)


if __name__ == "__main__":
    main()
