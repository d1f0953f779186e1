"""From a mask's file, or a photo's transparency, to a hole: True where the picture is filled."""

from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image as PillowImage

from service.arrays import Grey, Hole
from service.errors import InvalidRequest, NothingKnown, SizesDiffer
from service.imaging.decoding import Photo, opened_image, orientation, strips, upright
from service.imaging.mask_meaning import OPAQUE_FROM, meant_hole
from service.imaging.mask_planes import OPAQUE, MaskPlanes, read_planes

SAME_WITHIN = 8  # levels by which another decoder's pixels of one photo may differ
SAME_SHARE = 0.99


def decode_mask(
    file: BinaryIO, max_pixels: int, *, invert: bool = False, photo: Photo | None = None
) -> Hole:
    """Decode a mask file; what it means is decided in `service.imaging.mask_meaning`.

    Args:
        file: PNG, JPEG or WebP, seekable; any kind of image that is accepted as a photo.
        max_pixels: How many pixels the header may announce.
        invert: Black is hole instead of white.
        photo: What the mask is for, to recognise it in a mask that is the photo with the hole
            erased.

    Returns:
        (H, W) bool, True is hole, after EXIF orientation.

    Raises:
        InvalidRequest: what the mask means cannot be told.
        UnsupportedImage, TooManyPixels, BrokenImage: as for photos.
    """
    with opened_image(file, "mask", max_pixels) as image:
        turn = orientation(image)
        planes = read_planes(image).turned(turn)
        return meant_hole(planes, invert=invert, erased=lambda: _erased(photo, planes, image, turn))


def _erased(
    photo: Photo | None, planes: MaskPlanes, image: PillowImage.Image, turn: int
) -> Hole | None:
    """What is erased of the photo, if a mask's opaque pixels are the photo's and no strokes."""
    if photo is None or planes.alpha is None:
        return None
    if planes.bright.shape != (photo.height, photo.width):
        return None
    opaque = planes.alpha == OPAQUE
    darkest, brightest, _, _ = cv2.minMaxLoc(planes.bright, mask=opaque.view(np.uint8))
    if brightest - darkest <= 2 * SAME_WITHIN:
        return None
    colours = upright(np.asarray(image.convert("RGB")), turn)
    same = (cv2.absdiff(colours, photo.rgb()) <= SAME_WITHIN).all(axis=2)
    if np.count_nonzero(same & opaque) < SAME_SHARE * np.count_nonzero(opaque):
        return None
    hole: Hole = planes.alpha < OPAQUE_FROM
    return hole if photo.alpha is None else hole & (photo.alpha >= OPAQUE_FROM)


def decode_alpha_mask(file: BinaryIO, max_pixels: int) -> Hole:
    """Decode a mask whose transparent part is the hole, whatever colours it has.

    Args:
        file: PNG or WebP with transparency, seekable.
        max_pixels: How many pixels the header may announce.

    Returns:
        (H, W) bool, True is hole, after EXIF orientation.

    Raises:
        InvalidRequest: it has no transparency, or nothing in it is transparent.
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
    if not hole.any():
        raise InvalidRequest(
            "the mask is opaque everywhere, so it marks nothing; on this route its transparent "
            "part is the hole, whatever its colours (POST /inpaint takes white as the hole)"
        )
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
