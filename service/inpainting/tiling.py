"""Where windows go: one around a box, or a grid of overlapping ones over it."""

from collections.abc import Sequence

from service.inpainting.boxes import Box

OVERLAP = 4
"""Neighbouring windows of a grid overlap by one `OVERLAP`-th of their size, or more."""


def smallest_size(box: Box, sizes: Sequence[int]) -> int | None:
    """The smallest of the ascending `sizes` that holds the box, or None."""
    side = max(box.height, box.width)
    return next((size for size in sizes if size >= side), None)


def window_around(box: Box, size: int, height: int, width: int) -> Box:
    """A square window with `box` in its middle, moved inside the photo as far as it fits.

    Args:
        box: What the window has to hold; at most `size` long and wide, inside the photo.
        size: Side of the window in pixels.
        height: Rows of the photo.
        width: Columns of the photo. A side shorter than the window is padded equally at both ends.
    """
    top = _centred(box.top, box.bottom, size, height)
    left = _centred(box.left, box.right, size, width)
    return Box(top, left, top + size, left + size)


def window_grid(box: Box, size: int, overlap: int, height: int, width: int) -> list[Box]:
    """The fewest square windows that cover `box` with at least `overlap` between neighbours.

    They are spread evenly, in reading order, and lie inside the photo where it is large enough.
    """
    tops = _spread(box.top, box.bottom, size, overlap, height)
    lefts = _spread(box.left, box.right, size, overlap, width)
    return [Box(top, left, top + size, left + size) for top in tops for left in lefts]


def _centred(start: int, stop: int, size: int, limit: int) -> int:
    if size >= limit:
        return -((size - limit) // 2)
    return min(max((start + stop - size) // 2, 0), limit - size)


def _spread(start: int, stop: int, size: int, overlap: int, limit: int) -> list[int]:
    length = stop - start
    if length <= size:
        return [_centred(start, stop, size, limit)]
    steps = -(-(length - size) // (size - overlap))
    return [start + index * (length - size) // steps for index in range(steps + 1)]
