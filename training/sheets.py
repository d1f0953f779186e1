"""Contact sheets: rows of equally sized pictures under column titles, as one PNG."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

GAP = 4
TITLE_HEIGHT = 22
BACKGROUND = 32
INK = (230, 230, 230)


def sheet(
    rows: Sequence[Sequence[NDArray[np.uint8]]],
    *,
    columns: Sequence[str] = (),
    titles: Sequence[str] = (),
) -> NDArray[np.uint8]:
    """Lay pictures out on one sheet.

    Args:
        rows: pictures, all of one size, (H, W, 3) RGB or (H, W) grey.
        columns: titles over the columns, if any.
        titles: one title above each row, if any.

    Returns:
        The sheet, RGB (height, width, 3).

    Raises:
        ValueError: there are no pictures, or they differ in size.
    """
    sizes = {picture.shape[:2] for row in rows for picture in row}
    if len(sizes) != 1:
        raise ValueError(f"a sheet needs pictures of one size, not of {len(sizes)}")
    width = max(len(row) for row in rows) * (sizes.pop()[1] + GAP) + GAP
    strips = [_title_strip(columns, width, len(columns))] if columns else []
    for number, row in enumerate(rows):
        if titles:
            strips.append(_title_strip(titles[number : number + 1], width, 1))
        strips.append(_picture_strip(row, width))
    return np.concatenate(strips)


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Write an RGB (H, W, 3) picture as PNG, making the folders on the way.

    Raises:
        OSError: the file cannot be written.
    """
    _, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())


def _picture_strip(pictures: Sequence[NDArray[np.uint8]], width: int) -> NDArray[np.uint8]:
    strip = np.full((pictures[0].shape[0] + GAP, width, 3), BACKGROUND, np.uint8)
    left = GAP
    for picture in pictures:
        rgb = picture if picture.ndim == 3 else picture[..., None]
        height, picture_width = rgb.shape[:2]
        strip[:height, left : left + picture_width] = rgb
        left += picture_width + GAP
    return strip


def _title_strip(texts: Sequence[str], width: int, columns: int) -> NDArray[np.uint8]:
    strip = np.full((TITLE_HEIGHT, width, 3), BACKGROUND, np.uint8)
    for number, text in enumerate(texts):
        place = (GAP + number * (width - GAP) // columns, TITLE_HEIGHT - 7)
        cv2.putText(strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, INK, 1, cv2.LINE_AA)
    return strip
