"""From what the API calls a mask to a hole. The one place where polarity is decided.

At the API white is hole; a hole array is True where the picture is to be filled.
"""

from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from service.arrays import Grey, Hole
from service.errors import InvalidRequest, NothingKnown, SizesDiffer
from service.imaging.decoding import Photo, opened_image, orientation, strips, upright

THRESHOLD = 127  # a pixel is hole where its brightest channel, laid over black, is above this
OPAQUE_FROM = 128  # where transparency marks the hole, a pixel is hole if its alpha is below this


def decode_mask(file: BinaryIO, max_pixels: int, *, invert: bool = False) -> Hole:
    """Decode a mask file.

    Args:
        file: PNG, JPEG or WebP, seekable; any kind of image that is accepted as a photo.
        max_pixels: How many pixels the header may announce.
        invert: Black is hole instead of white.

    Returns:
        (H, W) bool, True is hole, after EXIF orientation.

    Raises:
        UnsupportedImage, TooManyPixels, BrokenImage: as for photos.
    """
    with opened_image(file, "mask", max_pixels) as image:
        hole = np.empty((image.height, image.width), np.uint8)
        for top, strip in strips(image):
            hole[top : top + strip.height] = _bright(strip)
        turn = orientation(image)
    hole = upright(hole, turn)
    if invert:
        np.subtract(1, hole, out=hole)
    return hole.view(np.bool_)


def decode_alpha_mask(file: BinaryIO, max_pixels: int) -> Hole:
    """Decode a mask whose transparent part is the hole, whatever colours it has.

    Args:
        file: PNG or WebP with transparency, seekable.
        max_pixels: How many pixels the header may announce.

    Returns:
        (H, W) bool, True is hole, after EXIF orientation.

    Raises:
        InvalidRequest: it has no transparency.
        UnsupportedImage, TooManyPixels, BrokenImage: as for photos.
    """
    with opened_image(file, "mask", max_pixels) as image:
        if "A" not in image.getbands() and "transparency" not in image.info:
            raise InvalidRequest("the mask has no transparency, which is what marks the hole")
        hole = np.empty((image.height, image.width), np.uint8)
        for top, strip in strips(image):
            alpha = np.asarray(strip.convert("RGBA").getchannel("A"))
            hole[top : top + strip.height] = alpha < OPAQUE_FROM
        turn = orientation(image)
    return upright(hole, turn).view(np.bool_)


def hole_of_transparency(alpha: Grey | None, height: int, width: int) -> Hole:
    """The hole of a photo that comes without a mask: where it is more transparent than opaque."""
    if alpha is None:
        return np.zeros((height, width), np.bool_)
    return alpha < OPAQUE_FROM


def check_hole(hole: Hole, photo: Photo) -> None:
    """Check that a hole fits a photo and leaves something known.

    Raises:
        SizesDiffer: not the photo's size.
        NothingKnown: the whole photo is hole.
    """
    if hole.shape != (photo.height, photo.width):
        height, width = hole.shape
        raise SizesDiffer(
            f"the image is {photo.width} x {photo.height} pixels and the mask {width} x {height}"
            + _why(photo, hole)
        )
    if hole.all():
        raise NothingKnown("the mask covers the whole image, so there is nothing to go by")


def _why(photo: Photo, hole: Hole) -> str:
    """What else there is to say of sizes that differ, where the photo was turned."""
    if not photo.turned:
        return ""
    stored = f"{photo.height} x {photo.width}"
    if hole.shape == (photo.width, photo.height):
        return (
            f"; the image is stored as {stored} and its EXIF orientation turns it, so draw the "
            "mask over the upright picture, or strip the orientation from the image first"
        )
    return f" (the image is stored as {stored} and turned by its EXIF orientation)"


def dilate(hole: Hole, radius: int) -> Hole:
    """Grow a hole by `radius` pixels in every direction (Euclidean distance); (H, W) bool."""
    if radius == 0 or not hole.any():
        return hole
    box = _surroundings(hole, radius)
    known = (~hole[box]).view(np.uint8)
    distance = cv2.distanceTransform(known, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    grown = hole.copy()
    np.less_equal(distance, radius, out=grown[box])
    return grown


def _surroundings(hole: Hole, margin: int) -> tuple[slice, slice]:
    """The hole's bounding box with a margin."""
    slices = []
    for axis in (1, 0):
        occupied = np.flatnonzero(hole.any(axis=axis))
        slices.append(slice(max(0, int(occupied[0]) - margin), int(occupied[-1]) + margin + 1))
    return slices[0], slices[1]


def _bright(strip: PillowImage.Image) -> NDArray[np.bool_]:
    """Where a strip's brightest channel, laid over black, is above the threshold; (H, W) bool."""
    transparent = "transparency" in strip.info
    if strip.mode == "1" and not transparent:
        return np.asarray(strip)
    if strip.mode == "P":
        colours = PillowImage.new("P", (256, 1))
        colours.putdata(range(256))
        colours.putpalette(strip.getpalette("RGB") or [], "RGB")
        colours.info = dict(strip.info)
        table = _bright(colours.convert("RGBA" if transparent else "RGB"))[0]
        return np.take(table, np.asarray(strip))
    if transparent:
        strip = strip.convert("LA" if strip.mode in ("1", "L") else "RGBA")
    elif strip.mode not in ("L", "LA", "RGB", "RGBA"):
        strip = strip.convert("RGBA" if strip.mode == "PA" else "RGB")
    return _above_threshold(np.asarray(strip), strip.mode.endswith("A"))


def _above_threshold(samples: NDArray[np.uint8], has_alpha: bool) -> NDArray[np.bool_]:
    """Threshold (H, W) or (H, W, C) samples, of which the last is alpha if there is one."""
    if samples.ndim == 2:
        return samples > THRESHOLD
    if not has_alpha:
        return np.asarray((samples > THRESHOLD).any(axis=2))
    brightest = samples[:, :, :-1].max(axis=2).astype(np.uint16)
    hole: NDArray[np.bool_] = brightest * samples[:, :, -1] > THRESHOLD * 255
    return hole
