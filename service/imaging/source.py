"""A file as its decoder is given it, after its header has been checked.

One rule for all formats: what has all of its pixels is taken, a missing end or damaged metadata
notwithstanding; what lacks pixels is refused, with how much is missing.
"""

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image as PillowImage

from service.errors import BrokenImage, TooManyPixels, UnsupportedImage
from service.imaging import scans, whole_jpeg, whole_png, whole_webp
from service.imaging.headers import Header, read_header


@dataclass(frozen=True, slots=True)
class Source:
    """A checked file.

    Attributes:
        original: As the client sent it.
        file: As the decoder is given it, at its start.
        what: What it is to the client (`image` or `mask`), for the errors' words.
        header: What its first bytes say.
        layout: The parts of a JPEG or PNG.
    """

    original: BinaryIO
    file: BinaryIO
    what: str
    header: Header
    layout: scans.Layout | whole_png.PngLayout | None

    def check_pixels(self, image: PillowImage.Image) -> None:
        """Check that all pixels are there, where Pillow would not notice.

        Args:
            image: The file opened; a PNG's pixels are decoded by this.

        Raises:
            BrokenImage: some are missing; says how much.
        """
        if isinstance(self.layout, scans.Layout):
            height, width = self.header.height, self.header.width
            whole_jpeg.check_pixels(self.original, self.layout, self.what, height, width)
            self.file.seek(0)
        elif self.layout is not None:
            self._check_png(image, self.layout)

    def _check_png(self, image: PillowImage.Image, layout: whole_png.PngLayout) -> None:
        try:
            image.load()
        except Exception:
            whole_png.check_pixels(self.original, layout, self.what)
            raise
        # Pillow leaves rows black that compressed data which end early do not reach.
        last = image.crop((0, max(0, image.height - 2), *image.size))
        if not np.asarray(last).reshape(last.height, -1).any(axis=1).all():
            whole_png.check_pixels(self.original, layout, self.what)


def checked_source(file: BinaryIO, what: str, max_pixels: int) -> Source:
    """Check a file's header, and that it is not cut off as far as can be told without decoding.

    Args:
        file: PNG, JPEG or WebP, seekable.
        what: What the file is to the client, for the errors' words.
        max_pixels: How many pixels the header may announce.

    Raises:
        UnsupportedImage, TooManyPixels, BrokenImage: as in `service.imaging.decoding`.
    """
    header = read_header(file, what)
    _check(header, what, max_pixels)
    if header.format == "JPEG":
        layout = scans.read_layout(file)
        if layout.is_excessive:
            raise BrokenImage(f"the {what} goes over its pixels in far too many scans")
        whole_jpeg.check_passes(file, layout, what)
        file.seek(0)
        return Source(file, whole_jpeg.ended(file, layout), what, header, layout)
    if header.format == "PNG":
        chunks = whole_png.read_layout(file)
        mended = whole_png.pixels_only(file, chunks)
        return Source(file, mended, what, header, chunks)
    return Source(file, whole_webp.mended(file, what), what, header, None)


def check_pixels(header: Header, what: str, max_pixels: int) -> None:
    """Check that a header does not announce too many pixels.

    Raises:
        TooManyPixels: it does.
    """
    if header.width * header.height > max_pixels:
        raise TooManyPixels(
            f"the {what} has {header.width} x {header.height} pixels, more than {max_pixels}; "
            "send a smaller one"
        )


def _check(header: Header, what: str, max_pixels: int) -> None:
    check_pixels(header, what, max_pixels)
    if header.animated:
        raise UnsupportedImage(f"the {what} is animated ({header.format}); send one frame of it")
    if header.bits > 8:
        raise UnsupportedImage(
            f"the {what} has {header.bits} bits a sample; convert it to 8 bits first"
        )
