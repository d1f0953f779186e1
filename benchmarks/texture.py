"""Texture from the photo's own pixels: seconds, PSNR and memory, beside PatchMatch and OpenCV.

    python -m benchmarks.texture [--rounds 5]

Four holes: a fifth of a photo of 512x512, irregular; the same in a drawn board of checkers; ten of
140x140, and one of 1200x1200, in 12 megapixels. The service's texture follows a fill of the engine
that is not timed with it. PatchMatch (pypatchmatch, extra `peers`) and OpenCV work from nothing;
PatchMatch is left out at 12 megapixels, where it takes minutes. PSNR is that of the hole's pixels;
the photo of 12 megapixels is mirrored at its edges, so that a large hole has its twin beside it.
Bars, with the threads of the server's settings: 3 s a megapixel of hole and 0.1 s; 15 s and 600 MB
for the largest hole. Memory is what Python's and NumPy's allocators gave out at once.
"""

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np

from benchmarks.options import parser_of
from benchmarks.peers import whole_picture
from benchmarks.photos import camera_photo, square_holes
from benchmarks.report import Report
from benchmarks.rounds import Times, ratio
from benchmarks.whole_request import CORNERS, HEIGHT, HOLE_SIDE, WIDTH
from service.arrays import Hole, Image
from service.engine.base import Engine
from service.engine.build import build_engine
from service.inpainting import fill, plan
from service.settings import Settings
from service.texture import Crew, find_contexts, transfer
from training.peers import navier_stokes, patch_match, telea

TEXTURE = "texture"
SQUARE = 20  # of the checkers, in pixels
LARGE = 1200
S_PER_MEGAPIXEL, MORE_S = 3.0, 0.1
LARGEST_S, LARGEST_MB = 15.0, 600.0
SMALL = 10**6  # pixels of a picture up to which every method takes part
SLOW_S = 3.0  # a method that takes longer than this is timed once


@dataclass(frozen=True, slots=True)
class Case:
    """A hole to fill.

    Attributes:
        name: In the report.
        truth: (H, W, 3) uint8.
        hole: (H, W) bool.
        guide: (H, W, 3) uint8, the photo as the engine fills it.
    """

    name: str
    truth: Image
    hole: Hole
    guide: Image


def truths() -> dict[str, tuple[Image, Hole]]:
    """Pictures without holes, and their holes."""
    size = 512
    photo, hole = whole_picture(size)
    rows, columns = np.mgrid[:size, :size] // SQUARE
    board = np.where(((rows + columns) % 2)[..., np.newaxis], np.uint8([220, 210, 190]), 40)
    camera = camera_photo(HEIGHT, WIDTH)
    corner = ((HEIGHT - LARGE) // 2, (WIDTH - LARGE) // 2)
    return {
        "photo 512x512, a fifth": (photo, hole),
        "checkers 512x512, a fifth": (board.astype(np.uint8), hole),
        "12 MP, ten of 140x140": (camera, square_holes(HEIGHT, WIDTH, HOLE_SIDE, *CORNERS)),
        "12 MP, one of 1200x1200": (camera, square_holes(HEIGHT, WIDTH, LARGE, corner)),
    }


def guided(engine: Engine, image: Image, hole: Hole) -> Image:
    """The photo as the engine fills it."""
    traits = engine.info.traits
    made = plan(hole, engine.info.window_sizes, reach=traits.reach)
    return fill(image, hole, made, engine.infer, traits=traits).image


def textured(case: Case, crew: Crew) -> Image:
    """What the service does after its fill."""
    image = case.guide.copy()
    transfer(image, case.hole, None, find_contexts(case.hole), crew)
    return image


def methods(case: Case, crew: Crew) -> dict[str, Callable[[], Image]]:
    """The ways to fill a case."""
    known = (~case.hole).astype(np.uint8)
    blank = case.truth * known[..., np.newaxis]
    found = {
        TEXTURE: partial(textured, case, crew),
        "OpenCV, Telea": partial(telea, blank, known),
        "OpenCV, Navier-Stokes": partial(navier_stokes, blank, known),
    }
    if find_spec("patchmatch") and case.hole.size <= SMALL:
        found["PatchMatch"] = partial(patch_match, blank, known)
    return found


def psnr(image: Image, case: Case) -> float:
    """Of the hole's pixels, in dB; 99 where every one is right."""
    error = np.mean((image[case.hole].astype(np.float32) - case.truth[case.hole]) ** 2)
    return float(min(99.0, 10 * np.log10(255**2 / max(float(error), 1e-9))))


def peak_mb(call: Callable[[], object]) -> float:
    """Most megabytes that a call held at once."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def measure(report: Report, case: Case, crew: Crew, rounds: int) -> tuple[float, float]:
    """Time every method in turn and add its row; returns the texture's seconds and megabytes."""
    ways = methods(case, crew)
    times = {name: Times() for name in ways}
    results: dict[str, Image] = {}
    for name, way in ways.items():  # the first warms caches and tells who is slow
        start = time.perf_counter()
        results[name] = way()
        if time.perf_counter() - start > SLOW_S:
            times[name].time(way)
    for _ in range(rounds):
        for name, way in ways.items():
            if sum(times[name].wall) < SLOW_S:
                times[name].time(way)
    megapixels = case.hole.sum() / 1e6
    for name, its in times.items():
        report.add(
            case=case.name,
            method=name,
            seconds=its.median_s,
            per_megapixel=its.median_s / megapixels,
            psnr=psnr(results[name], case),
            ratio=ratio(its.wall, times[TEXTURE].wall),
        )
    report.add(case=case.name, method="the engine's fill alone", psnr=psnr(case.guide, case))
    return times[TEXTURE].median_s, peak_mb(ways[TEXTURE])


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("texture", __doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    report = Report(
        "texture",
        "Texture from the photo's own pixels, and methods that work from nothing",
        peer="the service's texture, its network's fill not counted",
        columns={
            "case": "Hole",
            "method": "Method",
            "seconds": "Seconds",
            "per_megapixel": "Seconds a megapixel of hole",
            "psnr": "PSNR in the hole, dB",
            "ratio": "Times the texture's seconds",
        },
        labels=("case", "method"),
    )
    settings = Settings()
    engine, crew = build_engine(settings), Crew(settings.thread_count)
    report.settings = {
        "rounds": options.rounds,
        "precision": engine.info.precision,
        "threads": settings.thread_count,
    }
    if not find_spec("patchmatch"):
        print("pypatchmatch is not installed (extra `peers`) and is left out")
    for name, (truth, hole) in truths().items():
        case = Case(name, truth, hole, guided(engine, truth, hole))
        seconds, megabytes = measure(report, case, crew, options.rounds)
        megapixels = float(hole.sum()) / 1e6
        if megapixels < 1:
            report.at_most(f"{name}: seconds", seconds, S_PER_MEGAPIXEL * megapixels + MORE_S)
        else:
            report.at_most(f"{name}: seconds", seconds, LARGEST_S)
            report.at_most(f"{name}: MB beyond the photo", megabytes, LARGEST_MB)
    report.write(options.out)
    crew.close()
    engine.close()


if __name__ == "__main__":
    main()
