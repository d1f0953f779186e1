"""Seconds of the engine and of other ways to fill a hole, on the same two pictures.

    python -m benchmarks.peers [--rounds 7] [--sizes 256 512]

A photo of 512x512 and one of 256x256, each with an irregular hole of a fifth of its area: the
service's engine in every precision there is a file for, OpenCV's Telea and Navier-Stokes,
scikit-image's biharmonic equation and PatchMatch. Ratios are against the engine as the server's
settings make it. The last two come with the extra `peers` and are left out, with a printed line,
where it is not installed. Speed alone: models/MODEL_CARD.md compares what the fills look like.
"""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import cv2
import numpy as np

from benchmarks.engines import engines_by_precision
from benchmarks.options import parser_of
from benchmarks.photos import bundled_photos
from benchmarks.report import Report
from benchmarks.rounds import in_turn, ratio
from service.arrays import Hole, Image
from service.engine.base import Engine
from service.engine.build import build_engine
from service.settings import Settings
from training.masks.buckets import Bucket
from training.masks.irregular import draw_irregular
from training.peers import navier_stokes, patch_match, telea

A_FIFTH = Bucket(0.19, 0.21)
BUDGET_S = 20  # of one method at one size: the slow ones get fewer rounds
ENGINE = "engine"


def whole_picture(size: int) -> tuple[Image, Hole]:
    """A photo (S, S, 3) and an irregular hole (S, S) for it."""
    photo = cv2.imread(str(bundled_photos()[-1]), cv2.IMREAD_COLOR_RGB)
    side = min(photo.shape[:2])
    image = cv2.resize(photo[:side, :side], (size, size), interpolation=cv2.INTER_AREA)
    hole = draw_irregular(np.random.default_rng(0), size, size, A_FIFTH, border=False) == 0
    return np.asarray(image, np.uint8), hole


def picture(size: int) -> tuple[Image, Hole]:
    """The same with black in the hole."""
    image, hole = whole_picture(size)
    image[hole] = 0
    return image, hole


def methods(image: Image, hole: Hole) -> dict[str, Callable[[], object]]:
    """The other ways that are installed here."""
    known = (~hole).astype(np.uint8)
    found: dict[str, Callable[[], object]] = {
        "OpenCV, Telea": partial(telea, image, known),
        "OpenCV, Navier-Stokes": partial(navier_stokes, image, known),
    }
    if find_spec("skimage"):
        from skimage.restoration import inpaint_biharmonic

        found["scikit-image, biharmonic"] = partial(
            inpaint_biharmonic, image, hole, channel_axis=-1
        )
    if find_spec("patchmatch"):
        found["PatchMatch"] = partial(patch_match, image, known)
    return found


def measure(
    report: Report, engines: dict[str, Engine], served: str, size: int, rounds: int
) -> None:
    """Time everything on one picture and add its rows.

    Args:
        report: Where to.
        engines: By precision.
        served: The precision that the server's settings choose.
        size: Side of the picture.
        rounds: How often.
    """
    image, hole = picture(size)
    # The peer comes first and the other precisions behind it.
    order = sorted(engines, key=lambda precision: precision != served)
    calls = {
        f"{ENGINE}, {precision}": partial(
            engines[precision].infer, image[np.newaxis], hole[np.newaxis]
        )
        for precision in order
    }
    times = in_turn({**calls, **methods(image, hole)}, rounds, BUDGET_S)
    peer = times[f"{ENGINE}, {served}"]
    for method, its in times.items():
        report.add(
            size=size,
            method=method,
            seconds=its.median_s,
            cpu_s=its.cpu_s,
            ratio=ratio(its.wall, peer.wall),
            cpu_ratio=ratio(its.cpu, peer.cpu),
        )


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("peers", __doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    options = parser.parse_args()
    report = Report(
        "peers",
        "Filling a fifth of a picture: the engine and other methods",
        peer="the service's engine",
        columns={
            "size": "Size",
            "method": "Method",
            "seconds": "Seconds",
            "cpu_s": "CPU, s",
            "ratio": "Times the engine's seconds",
            "cpu_ratio": "Times its CPU",
        },
        labels=("size", "method"),
    )
    for module, name in (("skimage", "scikit-image"), ("patchmatch", "pypatchmatch")):
        if not find_spec(module):
            print(f"{name} is not installed (extra `peers`) and is left out")
    engines = engines_by_precision()
    chosen = build_engine(Settings())
    served = chosen.info.precision
    chosen.close()
    report.settings = {"rounds": options.rounds, "model": engines[served].info.name}
    for size in options.sizes:
        measure(report, engines, served, size, options.rounds)
    report.write(options.out)
    for engine in engines.values():
        engine.close()


if __name__ == "__main__":
    main()
