"""From an image file to arrays: checked by its header first, upright, in 8 bits a sample."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageFile

from service.arrays import Grey, Image
from service.errors import BrokenImage, ServiceError
from service.imaging.cmyk import CmykTransform, cmyk_transform, srgb_profile
from service.imaging.fast_jpeg import read_jpeg
from service.imaging.metadata import Metadata, read_metadata
from service.imaging.png_chunks import read_chunks
from service.imaging.source import Source, checked_source
from service.imaging.whole_png import PngLayout

# The header's size is checked against the service's own limit before Pillow sees the file.
PillowImage.MAX_IMAGE_PIXELS = None
ImageFile.LOAD_TRUNCATED_IMAGES = False  # a truncated photo is refused, never completed with grey

STRIP_ROWS = 256  # rows converted at a time, so that no second copy of a photo is ever made
JPEG_FORMATS = ("JPEG", "MPO")  # Pillow's name for a JPEG that others follow; the first one counts
ORIENTATION = 0x0112  # EXIF tag
TURNED_FROM = 5  # EXIF orientations that swap rows and columns
ICC_SPACES = {"L": b"GRAY", "RGB": b"RGB "}


@dataclass(slots=True)
class Photo:
    """A decoded photo, upright.

    Attributes:
        pixels: (H, W) uint8 grey or (H, W, 3) uint8 RGB.
        alpha: (H, W) uint8, 255 is opaque; None where the file has no transparency.
        icc: The colour profile, if it describes these pixels.
        metadata: What else the file says, as upright pixels have it.
        turned: Whether EXIF orientation swapped rows and columns of the file.
    """

    pixels: NDArray[np.uint8]
    alpha: Grey | None
    icc: bytes | None
    turned: bool = False
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def is_grey(self) -> bool:
        """Whether there is one channel only, alpha aside."""
        return self.pixels.ndim == 2

    def rgb(self) -> Image:
        """(H, W, 3) uint8; the photo's own array unless it is grey."""
        if self.is_grey:
            return np.repeat(self.pixels[:, :, np.newaxis], 3, axis=2)
        return self.pixels


def decode_photo(file: BinaryIO, max_pixels: int) -> Photo:
    """Decode the photo.

    Grey (1 to 8 bits) stays grey; palette, CMYK and RGB become RGB; transparency of any kind
    becomes alpha. EXIF orientation is applied.

    Args:
        file: PNG, JPEG or WebP, seekable.
        max_pixels: How many pixels the header may announce.

    Raises:
        UnsupportedImage: another format, animated, or more than 8 bits a sample.
        TooManyPixels: the header announces more than `max_pixels`.
        BrokenImage: truncated or damaged.
    """
    source = checked_source(file, "image", max_pixels)
    with _opened(source) as image:
        mode = _mode_of_pixels(image)
        turn = orientation(image)
        inks = cmyk_transform(image)
        metadata = read_metadata(
            image.info, swapped=turn >= TURNED_FROM, same_colours=image.mode != "CMYK"
        )
        pixels, alpha = _read(source, image, mode, inks)
        icc = _matching_profile(image, mode) if inks is None else srgb_profile()
    upright_alpha = None if alpha is None else upright(alpha, turn)
    return Photo(
        upright(pixels, turn), upright_alpha, icc, turned=turn >= TURNED_FROM, metadata=metadata
    )


def _read(
    source: Source, image: PillowImage.Image, mode: str, inks: CmykTransform | None
) -> tuple[NDArray[np.uint8], Grey | None]:
    """Pixels and alpha of an opened image, as stored."""
    if image.format in JPEG_FORMATS:
        jpeg = read_jpeg(source.file, image.mode, image.height, image.width)
        if jpeg is not None:
            return jpeg, None
    source.check_pixels(image)
    size = (image.height, image.width)
    pixels = np.empty(size if mode.startswith("L") else (*size, 3), np.uint8)
    alpha = np.empty(size, np.uint8) if mode.endswith("A") else None
    for top, strip in strips(image):
        if inks is not None:
            strip = inks(strip)
        samples = np.asarray(strip if strip.mode == mode else strip.convert(mode))
        rows = slice(top, top + strip.height)
        if alpha is None:
            pixels[rows] = samples
        else:
            pixels[rows] = samples[..., 0] if mode == "LA" else samples[..., :3]
            alpha[rows] = samples[..., -1]
    return pixels, alpha


@contextmanager
def opened_image(file: BinaryIO, what: str, max_pixels: int) -> Iterator[PillowImage.Image]:
    """Open an image after its header has been checked. Reading its pixels decodes it.

    Args:
        file: PNG, JPEG or WebP, seekable.
        what: What the file is to the client (`image` or `mask`), for the errors' words.
        max_pixels: How many pixels the header may announce.

    Raises:
        UnsupportedImage, TooManyPixels, BrokenImage: as in `decode_photo`; errors of Pillow inside
            the block count as a broken image too.
    """
    source = checked_source(file, what, max_pixels)
    with _opened(source) as image:
        source.check_pixels(image)
        yield image


@contextmanager
def _opened(source: Source) -> Iterator[PillowImage.Image]:
    """Open an image whose pixels are still to be checked."""
    header, what = source.header, source.what
    try:
        with PillowImage.open(source.file, formats=[header.format]) as image:
            if image.size != (header.width, header.height):
                raise BrokenImage(f"the {what}'s headers contradict each other about its size")
            if header.format == "WEBP":
                yield _decode_webp(image, source.file)
                return
            if isinstance(source.layout, PngLayout):
                image.info.update(read_chunks(source.original, source.layout))
                _scale_grey_key(image, header.bits)
            yield image
    except (ServiceError, MemoryError):
        raise
    except Exception as error:  # decoders stumble over damaged data in every possible way
        raise BrokenImage(f"the {what} is truncated or damaged") from error


def strips(image: PillowImage.Image) -> Iterator[tuple[int, PillowImage.Image]]:
    """Cut an image into full-width strips, each with its first row."""
    for top in range(0, image.height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, image.height)
        yield top, image.crop((0, top, image.width, bottom))


def orientation(image: PillowImage.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none that makes sense."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF must not cost anyone their photo
        return 1
    return value if value in range(1, 9) else 1


def upright(samples: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """Turn and mirror (H, W, ...) samples as EXIF orientation `turn` asks; contiguous.

    Orientation 2 mirrors, 3 turns by 180 degrees, 4 flips; 5 to 8 also swap rows and columns
    (Exif 2.3, tag 0x0112).
    """
    if turn == 1:
        return samples
    if turn >= TURNED_FROM:
        samples = samples.swapaxes(0, 1)
        turn = {5: 1, 6: 2, 7: 3, 8: 4}[turn]
    if turn in (2, 3):
        samples = samples[:, ::-1]
    if turn in (3, 4):
        samples = samples[::-1]
    # `ascontiguousarray` leaves the odd strides of a single row or column, at which OpenCV balks.
    return samples.copy(order="C")


def _mode_of_pixels(image: PillowImage.Image) -> str:
    """Pillow's mode of the decoded photo: `L`, `LA`, `RGB` or `RGBA`."""
    grey = image.mode in ("1", "L", "LA")
    transparent = image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info
    return ("L" if grey else "RGB") + ("A" if transparent else "")


def _matching_profile(image: PillowImage.Image, mode: str) -> bytes | None:
    """The ICC profile, unless it describes a colour space that the pixels have left (CMYK)."""
    profile = image.info.get("icc_profile")
    space = ICC_SPACES[mode.removesuffix("A")]
    if isinstance(profile, bytes) and profile[16:20] == space:
        return profile
    return None


def _decode_webp(opened: PillowImage.Image, file: BinaryIO) -> PillowImage.Image:
    """Decode WebP with half of the memory that Pillow needs for it.

    Pillow decodes every WebP as an animation, with two canvases of its own. OpenCV has the same
    library decode one frame; Pillow reads profile and EXIF, which takes no pixels.
    """
    file.seek(0)
    samples = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None:
        raise ValueError("OpenCV cannot decode the WebP data")
    order = cv2.COLOR_BGRA2RGBA if samples.shape[2] == 4 else cv2.COLOR_BGR2RGB
    image = PillowImage.fromarray(cv2.cvtColor(samples, order, dst=samples))
    image.info = opened.info
    return image


def _scale_grey_key(image: PillowImage.Image, bits: int) -> None:
    """Pillow widens grey of 2 and 4 bits to 8, but not the grey that stands for transparency."""
    key = image.info.get("transparency")
    if image.mode == "L" and bits < 8 and isinstance(key, int):
        image.info["transparency"] = key * 255 // (2**bits - 1)
