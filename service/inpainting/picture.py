"""A debug picture of a plan: windows, scales and holes over the photo."""

import colorsys

import cv2
import numpy as np

from service.arrays import Hole, Image
from service.inpainting.boxes import Box
from service.inpainting.plans import Plan

LONGEST_SIDE = 1600
"""The picture is scaled down to this many pixels where the photo is larger."""

HOLE_COLOUR = (255, 60, 60)


def draw_plan(image: Image, hole: Hole, plan: Plan) -> Image:
    """Draw the windows of a plan over a dimmed photo, one colour for each scale.

    Args:
        image: (H, W, 3) uint8 RGB.
        hole: (H, W) bool, the hole that was planned for; shown in red.
        plan: The plan.

    Returns:
        (h, w, 3) uint8 RGB. Windows over the photo's edge enlarge the picture, their padding is
        black. A legend names scales, sizes and counts.
    """
    height, width = hole.shape
    boxes = [
        window.enlarge(scale.factor)
        for group in plan.groups
        for scale in group.scales
        for window in scale.windows
    ]
    top, left = (max(0, -min((edge, *edges))) for edge, *edges in _starts(boxes))
    bottom = max([height, *(box.bottom for box in boxes)]) + top
    right = max([width, *(box.right for box in boxes)]) + left
    zoom = min(1.0, LONGEST_SIDE / max(bottom, right))
    canvas = np.zeros((max(1, round(bottom * zoom)), max(1, round(right * zoom)), 3), np.uint8)
    photo = Box(0, 0, max(1, round(height * zoom)), max(1, round(width * zoom)))
    place = photo.shift(round(top * zoom), round(left * zoom)).clip(*canvas.shape[:2])
    canvas[place.slices] = _dimmed(image, hole, place)
    for group in plan.groups:
        for scale in group.scales:
            for window in scale.windows:
                box = window.enlarge(scale.factor).shift(top, left)
                _draw_box(canvas, box, zoom, _colour(plan, scale.factor))
    _draw_legend(canvas, plan)
    return canvas


def describe_plan(plan: Plan) -> list[str]:
    """One line for each scale of a plan: its factor, window sizes and how many windows."""
    lines = []
    for factor in plan.scales:
        sizes: dict[int, int] = {}
        for group in plan.groups:
            for scale in group.scales:
                if scale.factor == factor:
                    for window in scale.windows:
                        sizes[window.height] = sizes.get(window.height, 0) + 1
        counts = ", ".join(f"{count} of {size} px" for size, count in sorted(sizes.items()))
        lines.append(f"{'native' if factor == 1 else f'1/{factor}'}: {counts}")
    return lines


def _starts(boxes: list[Box]) -> tuple[list[int], list[int]]:
    return [0, *(box.top for box in boxes)], [0, *(box.left for box in boxes)]


def _dimmed(image: Image, hole: Hole, place: Box) -> Image:
    """The photo at half brightness, tinted where it is hole; every speck of hole shows."""
    size = (place.width, place.height)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA)) // 2
    rows = np.arange(place.height + 1) * hole.shape[0] // place.height
    columns = np.arange(place.width + 1) * hole.shape[1] // place.width
    marked = np.logical_or.reduceat(hole, rows[:-1], axis=0)
    marked = np.logical_or.reduceat(marked, columns[:-1], axis=1)
    small[marked] = HOLE_COLOUR
    return small.astype(np.uint8)


def _colour(plan: Plan, factor: int) -> tuple[int, int, int]:
    """Evenly spread hues, away from the holes' red."""
    share = plan.scales.index(factor) / max(1, len(plan.scales))
    red, green, blue = colorsys.hsv_to_rgb(0.15 + 0.7 * share, 0.8, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)


def _draw_box(canvas: Image, box: Box, zoom: float, colour: tuple[int, int, int]) -> None:
    corner = (round(box.left * zoom), round(box.top * zoom))
    opposite = (round(box.right * zoom) - 1, round(box.bottom * zoom) - 1)
    cv2.rectangle(canvas, corner, opposite, colour, 1)


def _draw_legend(canvas: Image, plan: Plan) -> None:
    for row, (factor, line) in enumerate(zip(plan.scales, describe_plan(plan), strict=True)):
        origin = (8, 20 + 18 * row)
        for colour, thickness in (((0, 0, 0), 3), (_colour(plan, factor), 1)):
            cv2.putText(
                canvas, line, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, thickness, cv2.LINE_AA
            )
