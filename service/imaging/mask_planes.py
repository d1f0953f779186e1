"""A mask's file as the planes that its meaning is read from: brightness, opacity and labels."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image as PillowImage

from service.arrays import Grey
from service.imaging.decoding import strips, upright

OPAQUE = 255


@dataclass(slots=True)
class MaskPlanes:
    """What a mask shows, upright.

    Attributes:
        bright: (H, W) uint8: the brightest channel laid over black, rounded up.
        alpha: (H, W) uint8; None where every pixel is opaque.
        labels: (H, W) uint8: the palette's indices; None where there is no palette.
    """

    bright: Grey
    alpha: Grey | None
    labels: Grey | None

    def turned(self, turn: int) -> "MaskPlanes":
        """The planes turned as EXIF orientation `turn` asks."""
        alpha, labels = (
            None if plane is None else upright(plane, turn) for plane in (self.alpha, self.labels)
        )
        return MaskPlanes(upright(self.bright, turn), alpha, labels)


def read_planes(image: PillowImage.Image) -> MaskPlanes:
    """Decode an opened mask, of any mode that `opened_image` gives, as it is stored."""
    size = (image.height, image.width)
    bright = np.empty(size, np.uint8)
    labels = np.empty(size, np.uint8) if image.mode == "P" else None
    alpha = np.empty(size, np.uint8) if _is_transparent(image) else None
    palette = _palette_planes(image) if image.mode == "P" else None
    for top, strip in strips(image):
        rows = slice(top, top + strip.height)
        if labels is not None and palette is not None:
            labels[rows] = np.asarray(strip)
            planes = tuple(cv2.LUT(labels[rows], table) for table in palette)
        else:
            planes = _planes(strip)
        bright[rows] = planes[0]
        if alpha is not None:
            alpha[rows] = planes[1]
    if alpha is not None and alpha.min() == OPAQUE:
        alpha = None
    return MaskPlanes(bright, alpha, labels)


def _is_transparent(image: PillowImage.Image) -> bool:
    return "A" in image.getbands() or "transparency" in image.info


def _palette_planes(image: PillowImage.Image) -> tuple[Grey, Grey]:
    """Brightness and alpha of each of a palette's 256 colours."""
    colours = PillowImage.new("P", (256, 1))
    colours.putdata(range(256))
    colours.putpalette(image.getpalette("RGB") or [], "RGB")
    colours.info = dict(image.info)
    bright, alpha = _planes(colours.convert("RGBA"))
    return bright[0], alpha[0]


def _planes(strip: PillowImage.Image) -> tuple[Grey, Grey]:
    """Brightness over black, and alpha, of a strip without a palette; (H, W) uint8 each."""
    if "transparency" in strip.info and "A" not in strip.getbands():
        strip = strip.convert("LA" if strip.mode in ("1", "L") else "RGBA")
    elif strip.mode not in ("L", "LA", "RGB", "RGBA"):
        strip = strip.convert({"1": "L", "PA": "RGBA"}.get(strip.mode, "RGB"))
    samples = np.asarray(strip)
    if samples.ndim == 2:
        return samples, np.broadcast_to(np.uint8(OPAQUE), samples.shape)
    # OpenCV takes the channels apart and compares them a register at a time.
    *colours, last = cv2.split(samples)
    has_alpha = strip.mode.endswith("A")
    if not has_alpha:
        colours.append(last)
    bright = colours[0]
    for channel in colours[1:]:
        bright = cv2.max(bright, channel)
    if not has_alpha:
        return np.asarray(bright), np.broadcast_to(np.uint8(OPAQUE), bright.shape)
    return _over_black(np.asarray(bright), np.asarray(last)), np.asarray(last)


def _over_black(bright: Grey, alpha: Grey) -> Grey:
    """`bright * alpha / 255`, rounded up: above a whole number exactly where the product is."""
    product = cv2.multiply(bright, alpha, dtype=cv2.CV_16U)
    return np.asarray(cv2.convertScaleAbs(product, alpha=1 / OPAQUE, beta=0.499), np.uint8)
