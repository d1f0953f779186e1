"""Seams, sharpness and fidelity of fills on real photos.

    python -m benchmarks.seams PHOTOS [--count 10] [--side 1200] [--pictures DIR]

PHOTOS is a folder; its photos are enlarged and mirrored to 12 megapixels (`benchmarks.photos`), one
square hole of `--side` pixels each. Reported, as means over the photos:

- seam at window borders and at the rim: mean gradient across the border inside the hole (across
  the rim) over the mean of the same gradient within 8 pixels on both sides. Bars 1.05 and 1.25.
- sharpness: mean gradient in the hole over the truth's; with and without seam correction (bar: a
  drop of at most 0.05), and for one down-scaled pass pasted back (bar: 1.5 times as sharp).
- hole-PSNR in dB, beside that of the one pass (bar: at most 0.2 dB lower).

Settings (INPAINT_MODEL, ...) apply as to the server.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.photos import large_photo, photos_in
from service.arrays import Hole, Image, Infer
from service.engine.build import build_engine
from service.inpainting import Plan, fill, plan
from service.inpainting.boxes import Box
from service.inpainting.layers import reduce
from service.inpainting.tiling import smallest_size
from service.settings import Settings

NEAR = 8
HEIGHT, WIDTH = 3000, 4000


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


def one_pass(image: Image, hole: Hole, sizes: tuple[int, ...], infer: Infer) -> Image:
    """The photo scaled down until one window holds hole and context, filled, pasted back."""
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    box = Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
    need = box.grow(box.height // 2, box.width // 2).clip(*hole.shape)
    factor = next(f for f in range(1, 999) if smallest_size(need.reduce(f), sizes))
    small = reduce(image, hole, need.reduce(factor), factor)
    made = plan(small.hole, sizes, reach=10**6)
    filled = fill(small.image, small.hole, made, infer).image
    size = (filled.shape[1] * factor, filled.shape[0] * factor)
    enlarged = cv2.resize(filled, size, interpolation=cv2.INTER_CUBIC)
    place = need.reduce(factor).enlarge(factor).clip(*hole.shape)
    result = image.copy()
    result[place.slices][hole[place.slices]] = enlarged[: place.height, : place.width][
        hole[place.slices]
    ]
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, help="a folder of photos")
    parser.add_argument("--count", type=int, default=10, help="photos to use")
    parser.add_argument("--side", type=int, default=1200, help="side of the hole in pixels")
    parser.add_argument("--pictures", type=Path, help="write masked, one pass, fill, truth here")
    options = parser.parse_args()
    engine = build_engine(Settings())
    sizes = engine.info.window_sizes
    top, left = (HEIGHT - options.side) // 2, (WIDTH - options.side) // 2
    hole = np.zeros((HEIGHT, WIDTH), np.bool_)
    hole[top : top + options.side, left : left + options.side] = True
    made = plan(hole, sizes)
    print(f"{len(made.windows)} windows, scales {made.scales}, engine {engine.info.name}")
    figures: dict[str, list[float]] = defaultdict(list)
    for path in photos_in(options.photos, options.count):
        truth = large_photo(path, HEIGHT, WIDTH)
        filled = fill(truth, hole, made, engine.infer).image
        with mock.patch("service.inpainting.running.correct_seams", lambda image, *_: image):
            raw = fill(truth, hole, made, engine.infer).image
        single = one_pass(truth, hole, sizes, engine.infer)
        figures["seam at window borders"].append(window_seam(filled, hole, made))
        for name, image in (("fill", filled), ("uncorrected", raw), ("one pass", single)):
            figures[f"seam at the rim, {name}"].append(rim_seam(image, hole))
            figures[f"sharpness, {name}"].append(sharpness(image, truth, hole))
            figures[f"hole-PSNR, {name}"].append(psnr(image, truth, hole))
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
            masked = np.where(hole[..., None], np.uint8(255), truth)
            margin = options.side // 4
            part = Box(top, left, top + options.side, left + options.side).grow(margin, margin)
            parts = [image[part.slices] for image in (masked, single, filled, truth)]
            row = cv2.resize(np.hstack(parts), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(options.pictures / f"{path.stem}.jpg"), row[..., ::-1])
        print(path.name, *(f"{name} {values[-1]:.3f};" for name, values in figures.items()))
    for name, values in sorted(figures.items()):
        print(
            f"{name:32s} mean {np.mean(values):7.3f}  worst {min(values):.3f} .. {max(values):.3f}"
        )
    engine.close()


if __name__ == "__main__":
    main()
