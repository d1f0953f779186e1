"""Sheets of training samples as the network sees and fills them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from training.pixel_values import to_uint8
from training.sheets import sheet, write_png

HOLE_GREY = 128
COLUMNS = ("input", "prediction", "composite", "truth")


def write_sample_sheet(
    path: Path, image: Any, mask: Any, prediction: Any, truth: Any, most: int = 8
) -> None:
    """Write a PNG with one row a sample: input (hole grey), prediction, composite, truth.

    Args:
        path: where the PNG goes.
        image: `(N, S, S, 3)` float, 0..1, what the network saw.
        mask: `(N, S, S, 1)`, 1 = known.
        prediction: `(N, S, S, 3)` float, nominally 0..1.
        truth: `(N, S, S, 3)` float, 0..1.
        most: rows at most.
    """
    rows = []
    for shown, known_here, filled, wanted in zip(
        to_uint8(np.asarray(image)[:most]),
        np.asarray(mask)[:most],
        to_uint8(np.asarray(prediction)[:most]),
        to_uint8(np.asarray(truth)[:most]),
        strict=True,
    ):
        known = known_here.astype(bool)
        seen = np.where(known, shown, HOLE_GREY).astype(np.uint8)
        rows.append((seen, filled, np.where(known, wanted, filled), wanted))
    write_png(path, sheet(rows, columns=COLUMNS))
