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
    path: Path, inputs: dict[str, Any], prediction: Any, truth: Any, most: int = 8
) -> None:
    """Write a PNG with one row a sample: input (hole grey), prediction, composite, truth.

    Args:
        path: where the PNG goes.
        inputs: `{"image": (N, S, S, 3), "mask": (N, S, S, 1)}`, uint8, mask 1 = known.
        prediction: `(N, S, S, 3)` float, nominally 0..1.
        truth: `(N, S, S, 3)` uint8.
        most: rows at most.
    """
    rows = []
    for image, mask, filled, wanted in zip(
        inputs["image"][:most],
        inputs["mask"][:most],
        to_uint8(np.asarray(prediction)[:most]),
        np.asarray(truth)[:most],
        strict=True,
    ):
        known = mask.astype(bool)
        seen = np.where(known, image, HOLE_GREY).astype(np.uint8)
        rows.append((seen, filled, np.where(known, wanted, filled), wanted))
    write_png(path, sheet(rows, columns=COLUMNS))
