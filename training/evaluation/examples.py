"""The sheet of cases picked by number."""

from collections.abc import Sequence

import numpy as np

from training.evaluation.cases import GROUPS, Picture
from training.evaluation.run import Example
from training.sheets import sheet

HOLE_GREY = 128
COLUMNS = ("input", "prediction", "composite", "truth")


def default_numbers(photos: int, count: int = 16) -> list[int]:
    """Return case numbers spread evenly over photos, taking the groups in turn."""
    return [row * photos // count * len(GROUPS) + row % len(GROUPS) for row in range(count)]


def example_sheet(examples: Sequence[Example]) -> Picture:
    """Lay out input (hole grey), prediction, composite and truth, a row for each example."""
    rows = [
        [
            np.where(example.case.mask[..., None] == 1, example.case.image, HOLE_GREY).astype(
                np.uint8
            ),
            example.prediction,
            example.case.composite(example.prediction),
            example.case.truth,
        ]
        for example in examples
    ]
    return sheet(rows, columns=COLUMNS, titles=[_title(example) for example in examples])


def _title(example: Example) -> str:
    case, figures = example.case, example.figures
    return (
        f"#{case.number}  {case.photo}  {case.group}  PSNR {figures.psnr:.1f} dB, "
        f"in the hole {figures.hole_psnr:.1f} dB"
    )
