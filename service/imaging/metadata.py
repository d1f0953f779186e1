"""What a photo says beside its pixels: carried from the file to the answer, or left out.

Nothing here may cost anyone their photo: what is damaged is dropped.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from service.imaging.exif import ExifEditor, ExifError
from service.imaging.png_chunks import EXIF_PREFIX, FIXED, MAX_BYTES, chunk, xmp_chunk
from service.imaging.provenance import marked_xmp

MetadataMode = Literal["keep", "no_location", "strip"]

METRES_PER_INCH = 0.0254
MAX_SEGMENT_BYTES = 65000  # of a JPEG, its head aside
MAX_DENSITY = 65535  # dots per inch that JFIF can hold
XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']\s*|>\s*))\d+""", re.IGNORECASE)
PLACE = (
    rb"(?:GPS\w*|\w*Location\w*|Sublocation|City|Country\w*|ProvinceState|State|L(?:at|ong)itude)"
)
PLACE_ATTRIBUTE = re.compile(rb"\s[\w.-]+:" + PLACE + rb"""\s*=\s*("[^"]*"|'[^']*')""", re.I)
PLACE_ELEMENT = re.compile(
    rb"<([\w.-]+:" + PLACE + rb")(?:\s[^<>]*)?(?:/>|>.*?</\1\s*>)", re.I | re.S
)
PLACE_NAME = re.compile(PLACE, re.I)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Metadata of upright pixels.

    Attributes:
        exif: From its byte order on; orientation 1, without thumbnail.
        xmp: As UTF-8.
        density: Pixels a metre, across and down.
        chunks: A PNG's chunks on colours, by name.
        marked: Whether it says that a model made part of the picture.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    density: tuple[int, int] | None = None
    chunks: dict[str, bytes] = field(default_factory=dict)
    marked: bool = False

    def for_mode(self, mode: MetadataMode) -> "Metadata":
        """What of it a client wants kept; what tells the colours always is."""
        if mode == "keep":
            return self
        if mode == "strip":
            return Metadata(chunks=self.chunks)
        return replace(self, exif=_without_location(self.exif), xmp=_without_place(self.xmp))

    def for_size(self, width: int, height: int) -> "Metadata":
        """Of a part of the photo that is so large."""
        return replace(self, exif=_sized(self.exif, width, height))

    def marked_filled(self) -> "Metadata":
        """Saying that a model made part of the picture."""
        return replace(self, xmp=marked_xmp(self.xmp), marked=True)

    def png(self) -> bytes:
        """As chunks that stand between the header and the pixels."""
        parts = [chunk(name.encode(), data) for name, data in self.chunks.items()]
        if self.density is not None:
            x, y = self.density
            parts.append(chunk(b"pHYs", x.to_bytes(4, "big") + y.to_bytes(4, "big") + b"\x01"))
        if self.exif is not None:
            parts.append(chunk(b"eXIf", self.exif))
        if self.xmp is not None:
            parts.append(xmp_chunk(self.xmp))
        return b"".join(parts)

    def jpeg(self) -> dict[str, Any]:
        """As options of Pillow's writer of JPEG."""
        options: dict[str, Any] = {}
        if self.exif is not None and len(self.exif) <= MAX_SEGMENT_BYTES:
            options["exif"] = EXIF_PREFIX + self.exif
        xmp = self.xmp
        if xmp is not None and len(xmp) > MAX_SEGMENT_BYTES:
            xmp = marked_xmp(None) if self.marked else None
        if xmp is not None:
            options["xmp"] = xmp
        if self.density is not None:
            dpi = tuple(round(number * METRES_PER_INCH) for number in self.density)
            if min(dpi) > 0 and max(dpi) <= MAX_DENSITY:
                options["dpi"] = dpi
        return options

    def webp(self) -> dict[str, Any]:
        """As options of Pillow's writer of WebP."""
        options = {"exif": self.exif and EXIF_PREFIX + self.exif, "xmp": self.xmp}
        return {name: value for name, value in options.items() if value}


def read_metadata(info: dict[Any, Any], *, swapped: bool, same_colours: bool) -> Metadata:
    """The metadata of an opened image.

    Args:
        info: What Pillow, or `service.imaging.png_chunks`, knows of it.
        swapped: Whether rows and columns change places to stand upright.
        same_colours: Whether the decoded pixels are in the file's own colours.
    """
    chunks = {name.decode(): info.get(name.decode()) for name in FIXED if name != b"pHYs"}
    return Metadata(
        exif=_upright(info.get("exif"), swapped=swapped),
        xmp=_upright_xmp(info.get("xmp")),
        density=_density(info, swapped=swapped),
        chunks={n: data for n, data in chunks.items() if data is not None} if same_colours else {},
    )


def _upright(exif: object, *, swapped: bool) -> bytes | None:
    if not isinstance(exif, bytes):
        return None
    try:
        editor = ExifEditor(exif.removeprefix(EXIF_PREFIX))
        editor.set_upright(swapped=swapped)
        editor.drop_thumbnail()
        upright = editor.tobytes()
        ExifEditor(upright)  # values that lie over the directories take these along
    except ExifError:
        return None
    return upright if len(upright) <= MAX_BYTES else None


def _upright_xmp(xmp: object) -> bytes | None:
    if not isinstance(xmp, bytes) or len(xmp) > MAX_BYTES:
        return None
    try:
        xmp.decode()
    except UnicodeDecodeError:
        return None
    return XMP_ORIENTATION.sub(rb"\g<1>1", xmp)


def _density(info: dict[Any, Any], *, swapped: bool) -> tuple[int, int] | None:
    try:
        if (physical := info.get("pHYs")) is not None:
            if physical[8] != 1:
                return None
            x, y = (int.from_bytes(physical[at : at + 4], "big") for at in (0, 4))
        else:
            x, y = (round(float(number) / METRES_PER_INCH) for number in info["dpi"])
    except (KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None
    if not (0 < x < 2**31 and 0 < y < 2**31):
        return None
    return (y, x) if swapped else (x, y)


def _sized(exif: bytes | None, width: int, height: int) -> bytes | None:
    if exif is None:
        return None
    try:
        editor = ExifEditor(exif)
        editor.set_size(width, height)
    except ExifError:
        return exif
    return editor.tobytes()


def _without_location(exif: bytes | None) -> bytes | None:
    if exif is None:
        return None
    try:
        editor = ExifEditor(exif)
        editor.drop_location()
        left = editor.tobytes()
        ExifEditor(left)
    except ExifError:  # rather lost than told
        return None
    return left


def _without_place(xmp: bytes | None) -> bytes | None:
    if xmp is None:
        return None
    left = PLACE_ATTRIBUTE.sub(b"", PLACE_ELEMENT.sub(b"", xmp))
    return None if PLACE_NAME.search(left) else left
