"""What a file is that the service does not read, and what its owner can do about it.

"None of PNG, JPEG and WebP" leaves the user of a telephone alone with a file named `photo.jpg` that
is HEIC inside. Files are told by their content, as everywhere; nothing is decoded.
"""

import re
from dataclasses import dataclass

START_BYTES = 512
"""How much of a file's start tells its kind."""

CONVERT = "convert it to PNG, JPEG or WebP"
EXPORT = "export the picture as PNG, JPEG or WebP"
FRAME = "send one frame of it as PNG, JPEG or WebP"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its name with an article, and the cure."""

    name: str
    cure: str = CONVERT


APPLE_CURE = (
    f"{CONVERT}; on an iPhone, Settings > Camera > Formats > Most Compatible takes JPEG at once"
)
HEIC = Kind("a HEIC photo", APPLE_CURE)
AVIF = Kind("an AVIF image")
VIDEO = Kind("a video", FRAME)
RAW = Kind("a camera's raw file", "develop it to JPEG or PNG first")
HTML = Kind(
    "an HTML page, not a picture", "its address led to a web page: download the picture itself"
)
SVG = Kind("an SVG drawing", "draw it at the size you want as PNG")
JSON = Kind("JSON, not a picture", "send the PNG, JPEG or WebP file itself")
BASE64 = Kind("an image written as base64 text", "decode it first: the form takes bytes")
TEXT = Kind("text, not a picture", "send the PNG, JPEG or WebP file itself")
UNKNOWN = Kind("none of PNG, JPEG and WebP", CONVERT)

# The brands of ISO base media files (ISO/IEC 14496-12, box `ftyp`), in the order in which they are
# looked for: an AVIF file usually names `mif1` as well.
BRANDS: tuple[tuple[bytes, Kind], ...] = (
    (b"avis", Kind("an animated AVIF image", FRAME)),
    (b"avif", AVIF),
    (b"heic", HEIC),
    (b"heix", HEIC),
    (b"hevc", HEIC),
    (b"heim", HEIC),
    (b"heis", HEIC),
    (b"crx ", RAW),
    (b"mif1", Kind("a HEIF image", APPLE_CURE)),
    (b"msf1", Kind("a HEIF image", APPLE_CURE)),
)

SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"GIF8", Kind("a GIF", "save it (one frame, if it is animated) as PNG")),
    (b"BM", Kind("a BMP bitmap")),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"IIU\0", RAW),  # Panasonic
    (b"IIRO", RAW),  # Olympus
    (b"II*\0\x10\0\0\0CR", RAW),  # Canon
    (b"II*\0", Kind("a TIFF image or a camera's raw file")),
    (b"MM\0*", Kind("a TIFF image or a camera's raw file")),
    (b"II+\0", Kind("a BigTIFF image")),
    (b"MM\0+", Kind("a BigTIFF image")),
    (b"%PDF", Kind("a PDF document", EXPORT)),
    (b"%!PS", Kind("a PostScript document", EXPORT)),
    (b"8BPS", Kind("a Photoshop document", EXPORT)),
    (b"gimp xcf", Kind("a GIMP document", EXPORT)),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Kind("a JPEG XL image")),
    (b"\xff\x0a", Kind("a JPEG XL image")),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Kind("a JPEG 2000 image")),
    (b"\xff\x4f\xff\x51", Kind("a JPEG 2000 image")),
    (b"\0\0\1\0", Kind("an icon (ICO)")),
    (b"\0\0\2\0", Kind("a cursor (CUR)")),
    (b"qoif", Kind("a QOI image")),
    (b"DDS ", Kind("a DDS texture")),
    (b"\x76\x2f\x31\x01", Kind("an OpenEXR image", "convert it to 8 bits a sample as PNG")),
    (b"#?RADIANCE", Kind("a Radiance HDR image", "convert it to 8 bits a sample as PNG")),
    (b"SIMPLE  =", Kind("a FITS image", "convert it to 8 bits a sample as PNG")),
    (b"\x93NUMPY", Kind("a NumPy array", "write it as PNG")),
    (b"PK\3\4", Kind("a ZIP archive or office document", EXPORT)),
    (b"\x1f\x8b", Kind("a file packed by gzip", "unpack it first")),
    (b"7z\xbc\xaf\x27\x1c", Kind("a 7z archive", "unpack it first")),
    (b"Rar!", Kind("a RAR archive", "unpack it first")),
    (b"\x1aE\xdf\xa3", VIDEO),  # Matroska, WebM
    (b"\0\0\1\xba", VIDEO),  # MPEG
    (b"FLV\1", VIDEO),
    (b"data:image/", BASE64),
    (b"iVBORw0KGgo", BASE64),
    (b"/9j/", BASE64),
    (b"UklGR", BASE64),
)

NETPBM = re.compile(rb"P([1-7F])\s")
# The first element, behind a prologue.
MARKUP = re.compile(rb"(\s|<\?[^>]*>|<!--.*?-->)*<(?:!doctype\s+)?(\w+)", re.DOTALL | re.IGNORECASE)


def kind_of(start: bytes) -> Kind:
    """Tell what a file is that is neither PNG nor JPEG nor WebP.

    Args:
        start: The file's first `START_BYTES` bytes, or all of it where it is shorter; not empty.
    """
    if start[4:8] == b"ftyp":
        return _iso_media(start)
    if start[:4] in (b"RIFF", b"RIFX"):
        return VIDEO if start[8:12] == b"AVI " else UNKNOWN
    if start[4:8] in (b"moov", b"mdat", b"wide"):  # QuickTime without `ftyp`
        return VIDEO
    if NETPBM.match(start):
        return Kind("a Netpbm image")
    for signature, kind in SIGNATURES:
        if start.startswith(signature):
            return kind
    return _text(start)


def _iso_media(start: bytes) -> Kind:
    """HEIC, AVIF and films share one container; the brands of its first box tell them apart."""
    box = start[8 : max(16, min(int.from_bytes(start[:4], "big"), START_BYTES))]
    brands = [box[:4], *(box[place : place + 4] for place in range(8, len(box), 4))]
    return next((kind for brand, kind in BRANDS if brand in brands), VIDEO)


def _text(start: bytes) -> Kind:
    text = start.removeprefix(b"\xef\xbb\xbf")
    if found := MARKUP.match(text):
        name = found[2].lower()
        if name == b"svg":
            return SVG
        return HTML if name in (b"html", b"head", b"body") else TEXT
    if text.lstrip().startswith((b"{", b"[")):
        return JSON
    control = any(byte < 32 and byte not in b"\t\n\r\f" for byte in text)
    return UNKNOWN if control or not _decodes(text) else TEXT


def _decodes(text: bytes) -> bool:
    """Whether bytes are UTF-8, but for a character that their end cuts in two."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return len(text) == START_BYTES and error.start > len(text) - 4
    return True
