"""From arrays to an image file, without loss where the format allows it."""

import io
from dataclasses import dataclass
from typing import Literal

from PIL import Image as PillowImage

from service.errors import InvalidRequest
from service.imaging.decoding import Photo
from service.imaging.fast_png import HEAD_BYTES, write_png
from service.imaging.metadata import Metadata

Assembled = PillowImage.Image | Photo

OutputFormat = Literal["png", "webp", "jpeg"]
MEDIA_TYPES: dict[OutputFormat, str] = {
    "png": "image/png",
    "webp": "image/webp",
    "jpeg": "image/jpeg",
}
# Beyond, Pillow refuses to open the PNG, and a JPEG cannot number the segments of the profile.
MAX_PROFILE_BYTES: dict[OutputFormat, int] = {"png": 2**20, "webp": 2**24, "jpeg": 255 * 65519}
FAST_LEVEL = 1  # up to this level of compression PNG is written by `fast_png`
MAX_SIDE: dict[OutputFormat, int] = {"png": 2**31 - 1, "webp": 16383, "jpeg": 65535}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How answers are written.

    Attributes:
        png_compression: 0 stores, 1 is the fastest, 9 the smallest.
        jpeg_quality: 1 to 100, colours not subsampled.
    """

    png_compression: int = 1
    jpeg_quality: int = 95


def check_encodable(width: int, height: int, output: OutputFormat) -> None:
    """Check that a format can hold an answer of this size.

    Raises:
        InvalidRequest: a side is longer than the format allows.
    """
    longest = max(width, height)
    if longest > MAX_SIDE[output]:
        raise InvalidRequest(
            f"{output} holds at most {MAX_SIDE[output]} pixels a side, the answer has {longest}"
        )


def encode(photo: Photo, output: OutputFormat, encoding: Encoding) -> bytes:
    """Write a photo as a file.

    PNG and WebP keep every sample bit for bit, those under full transparency included. JPEG has no
    transparency: the pixels are written as if they were opaque.
    """
    image = assemble(photo, output, encoding)
    return write(image, photo.icc, output, encoding, photo.metadata)


def assemble(photo: Photo, output: OutputFormat, encoding: Encoding) -> Assembled:
    """A photo as its encoder has it: itself, or a copy for the formats that Pillow writes."""
    if output == "png" and encoding.png_compression <= FAST_LEVEL:
        return photo
    image = PillowImage.fromarray(photo.pixels)
    if photo.alpha is not None and output != "jpeg":
        image.putalpha(PillowImage.fromarray(photo.alpha))
    return image


def write(
    image: Assembled,
    icc: bytes | None,
    output: OutputFormat,
    encoding: Encoding,
    metadata: Metadata,
) -> bytes:
    """Write an assembled photo as a file, with its colour profile unless that is absurdly long.

    Metadata are written as far as the format can hold them.
    """
    if icc is not None and len(icc) > MAX_PROFILE_BYTES[output]:
        icc = None
    if isinstance(image, Photo):
        return write_png(image, icc, metadata.png(), compress=encoding.png_compression > 0)
    file = io.BytesIO()
    if output == "png":
        image.save(file, "PNG", compress_level=encoding.png_compression, icc_profile=icc)
        written = file.getbuffer()
        return b"".join((written[:HEAD_BYTES], metadata.png(), written[HEAD_BYTES:]))
    if output == "webp":
        # Method and quality only trade time for size: lossless WebP is lossless at any of them.
        image.save(
            file,
            "WEBP",
            lossless=True,
            exact=True,
            method=0,
            quality=20,
            icc_profile=icc,
            **metadata.webp(),
        )
    else:
        image.save(
            file,
            "JPEG",
            quality=encoding.jpeg_quality,
            subsampling=0,
            icc_profile=icc,
            **metadata.jpeg(),
        )
    return file.getvalue()
