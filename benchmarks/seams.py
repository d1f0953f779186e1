"""Seams, sharpness and fidelity of fills on real photos.

    python -m benchmarks.seams [PHOTOS] [--count 10] [--side 1200] [--pictures DIR]

PHOTOS is a folder, by default the two photos of this repository, which are too few to judge by;
photos are enlarged and mirrored to 12 megapixels (`benchmarks.photos`), one square hole of `--side`
pixels each. The peer is one down-scaled pass pasted back. Reported, as means over the photos:

- seam at window borders and at the rim: mean gradient across the border inside the hole (across
  the rim) over the mean of the same gradient within 8 pixels on both sides. Bars 1.05 and 1.25.
- sharpness: mean gradient in the hole over the truth's; with and without seam correction (bar: a
  drop of at most 0.05), and for the one pass (bar: 1.5 times as sharp).
- hole-PSNR in dB, beside that of the one pass (bar: at most 0.2 dB lower).

Settings (INPAINT_MODEL, ...) apply as to the server.
"""

from collections import defaultdict
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.options import parser_of
from benchmarks.photos import bundled_photos, large_photo, photos_in, square_holes
from benchmarks.report import Report
from service.arrays import Hole, Image
from service.engine.base import Engine
from service.engine.build import build_engine
from service.inpainting import Plan, fill, plan
from service.inpainting.boxes import Box
from service.inpainting.layers import reduce
from service.inpainting.tiling import smallest_size
from service.settings import Settings

NEAR = 8
HEIGHT, WIDTH = 3000, 4000

FILL, RAW, SINGLE = "fill", "uncorrected", "one pass"
WINDOWS, RIM = "seam at window borders", "seam at the rim"
SHARPNESS, PSNR = "sharpness over the truth's", "hole-PSNR, dB"
BARS = {WINDOWS: 1.05, RIM: 1.25}
SHARPER_BAR, SHARPNESS_DROP_BAR, PSNR_DROP_BAR = 1.5, 0.05, 0.2

Figures = dict[tuple[str, str], list[float]]


def gradients(image: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Absolute differences of brightness to the next row and to the next column."""
    grey = image.astype(np.float32).mean(axis=2)
    return np.abs(np.diff(grey, axis=0)), np.abs(np.diff(grey, axis=1))


def seam_at(image: Image, borders: tuple[Hole, Hole], allowed: tuple[Hole, Hole]) -> float:
    """Mean gradient across borders over that within `NEAR` pixels of them.

    Args:
        image: (H, W, 3) uint8.
        borders: Where a border lies between a row (a column) and the next.
        allowed: Which of these gradients count at all.
    """
    across, beside = [], []
    for axis, (gradient, border, counts) in enumerate(
        zip(gradients(image), borders, allowed, strict=True)
    ):
        kernel = np.ones((2 * NEAR + 1, 1) if axis == 0 else (1, 2 * NEAR + 1), np.uint8)
        near = cv2.dilate(border.astype(np.uint8), kernel) > 0
        across.append(gradient[border & counts])
        beside.append(gradient[near & ~border & counts])
    return float(np.concatenate(across).mean() / np.concatenate(beside).mean())


def rim_seam(image: Image, hole: Hole) -> float:
    """The seam measure where hole and known pixels meet."""
    borders = hole[1:] != hole[:-1], hole[:, 1:] != hole[:, :-1]
    everywhere = np.ones_like(borders[0]), np.ones_like(borders[1])
    return seam_at(image, borders, everywhere)


def window_seam(image: Image, hole: Hole, made: Plan) -> float:
    """The seam measure along the edges of native windows inside the hole."""
    rows, columns = np.zeros_like(hole[1:]), np.zeros_like(hole[:, 1:])
    for group in made.groups:
        for window in group.scales[-1].windows:
            inside = window.clip(*hole.shape)
            for row in (inside.top, inside.bottom):
                rows[max(row - 1, 0) : row, inside.left : inside.right] = True
            for column in (inside.left, inside.right):
                columns[inside.top : inside.bottom, max(column - 1, 0) : column] = True
    allowed = hole[1:] & hole[:-1], hole[:, 1:] & hole[:, :-1]
    return seam_at(image, (rows, columns), allowed)


def sharpness(image: Image, truth: Image, hole: Hole) -> float:
    """Mean gradient in the hole over the truth's."""
    inside = hole[1:] & hole[:-1], hole[:, 1:] & hole[:, :-1]
    here, there = (
        sum(float(g[mask].mean()) for g, mask in zip(gradients(picture), inside, strict=True))
        for picture in (image, truth)
    )
    return here / there


def psnr(image: Image, truth: Image, hole: Hole) -> float:
    """PSNR of the hole in dB."""
    error = image[hole].astype(np.float32) - truth[hole]
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def one_pass(image: Image, hole: Hole, engine: Engine) -> Image:
    """The photo scaled down until one window holds hole and context, filled, pasted back."""
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    box = Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
    need = box.grow(box.height // 2, box.width // 2).clip(*hole.shape)
    sizes = engine.info.window_sizes
    factor = next(f for f in range(1, 999) if smallest_size(need.reduce(f), sizes))
    small = reduce(image, hole, need.reduce(factor), factor)
    made = plan(small.hole, sizes, reach=10**6)
    filled = fill(small.image, small.hole, made, engine.infer, traits=engine.info.traits).image
    size = (filled.shape[1] * factor, filled.shape[0] * factor)
    enlarged = cv2.resize(filled, size, interpolation=cv2.INTER_CUBIC)
    place = need.reduce(factor).enlarge(factor).clip(*hole.shape)
    result = image.copy()
    result[place.slices][hole[place.slices]] = enlarged[: place.height, : place.width][
        hole[place.slices]
    ]
    return result


def measure(path: Path, hole: Hole, made: Plan, engine: Engine, figures: Figures) -> list[Image]:
    """Fill one photo in every way and add its figures.

    Args:
        path: The photo.
        hole: Where it is filled.
        made: The plan for that hole.
        engine: What fills it.
        figures: By measure and way, one for each photo so far.

    Returns:
        The photo with its hole white, by one pass, filled, and as it was.
    """
    truth = large_photo(path, HEIGHT, WIDTH)
    traits = engine.info.traits
    filled = fill(truth, hole, made, engine.infer, traits=traits).image
    with mock.patch("service.inpainting.running.correct_seams", lambda image, *_, **__: image):
        raw = fill(truth, hole, made, engine.infer, traits=traits).image
    single = one_pass(truth, hole, engine)
    if any(len(group.scales[-1].windows) > 1 for group in made.groups):
        figures[WINDOWS, FILL].append(window_seam(filled, hole, made))
    for way, image in ((FILL, filled), (RAW, raw), (SINGLE, single)):
        figures[RIM, way].append(rim_seam(image, hole))
        figures[SHARPNESS, way].append(sharpness(image, truth, hole))
        figures[PSNR, way].append(psnr(image, truth, hole))
    masked = np.where(hole[..., None], np.uint8(255), truth)
    return [masked, single, filled, truth]


def save_pictures(pictures: list[Image], part: Box, path: Path) -> None:
    """Pictures side by side around the hole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = np.hstack([image[part.slices] for image in pictures])
    row = cv2.resize(row, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), row[..., ::-1])


def fill_in(report: Report, figures: Figures) -> None:
    """The rows and the bars."""
    means = {key: float(np.mean(values)) for key, values in figures.items()}
    # A hole that one window holds has no window borders.
    for what in [what for what in (WINDOWS, RIM, SHARPNESS, PSNR) if (what, FILL) in figures]:
        fills = figures[what, FILL]
        single = means.get((what, SINGLE))
        report.add(
            what=what,
            fill=means[what, FILL],
            worst=min(fills) if what in (SHARPNESS, PSNR) else max(fills),
            raw=means.get((what, RAW)),
            single=single,
            ratio=means[what, FILL] / single if single and what != PSNR else None,
        )
    for what, bar in BARS.items():
        if (what, FILL) in means:
            report.at_most(f"{what}, mean", means[what, FILL], bar)
    sharper = means[SHARPNESS, FILL] / means[SHARPNESS, SINGLE]
    report.at_least("sharpness over the one pass's", sharper, SHARPER_BAR)
    lost = means[SHARPNESS, RAW] - means[SHARPNESS, FILL]
    report.at_most("sharpness lost to seam correction", lost, SHARPNESS_DROP_BAR)
    lost = means[PSNR, SINGLE] - means[PSNR, FILL]
    report.at_most("hole-PSNR below the one pass, dB", lost, PSNR_DROP_BAR)


def main() -> None:
    """Measure and write the report."""
    parser = parser_of("seams", __doc__)
    parser.add_argument("photos", type=Path, nargs="?", help="a folder of photos")
    parser.add_argument("--count", type=int, default=10, help="photos of the folder to use")
    parser.add_argument("--side", type=int, default=1200, help="side of the hole in pixels")
    parser.add_argument("--pictures", type=Path, help="write masked, one pass, fill, truth here")
    options = parser.parse_args()
    report = Report(
        "seams",
        f"Seams and sharpness of a hole of {options.side}x{options.side} in 12 megapixels",
        peer="one down-scaled pass pasted back",
        columns={
            "what": "Mean over the photos",
            "fill": "Fill",
            "worst": "Worst fill",
            "raw": "Without seam correction",
            "single": "One pass",
            "ratio": "Fill over one pass",
        },
        labels=("what",),
    )
    engine = build_engine(Settings())
    top, left = (HEIGHT - options.side) // 2, (WIDTH - options.side) // 2
    hole = square_holes(HEIGHT, WIDTH, options.side, (top, left))
    made = plan(hole, engine.info.window_sizes, reach=engine.info.traits.reach)
    margin = options.side // 4
    part = Box(top, left, top + options.side, left + options.side).grow(margin, margin)
    paths = photos_in(options.photos, options.count) if options.photos else bundled_photos()
    report.settings = {
        "photos": len(paths),
        "windows": len(made.windows),
        "scales": ", ".join(map(str, made.scales)),
        "precision": engine.info.precision,
    }
    figures: Figures = defaultdict(list)
    for path in paths:
        pictures = measure(path, hole, made, engine, figures)
        if options.pictures:
            save_pictures(pictures, part, options.pictures / f"{path.stem}.jpg")
        print(path.name, flush=True)
    engine.close()
    fill_in(report, figures)
    report.write(options.out)


if __name__ == "__main__":
    main()
