"""All windows of a grid."""

import numpy as np

from service.inpainting.boxes import Box
from service.inpainting.tiling import WindowGrid


def window_grid(box: Box, size: int, overlap: int, height: int, width: int) -> list[Box]:
    """Every window of the grid over a box, in reading order."""
    grid = WindowGrid.over(box, size, overlap, height, width)
    return grid.touching(np.argwhere(np.ones((box.bottom, box.right), np.bool_)), 1)
