"""Which format of image a client asks for by `Accept`, where it does not say so in the form."""

from starlette.datastructures import Headers

from service.imaging.encoding import MEDIA_TYPES, OutputFormat

DEFAULT: OutputFormat = "png"
FORMATS: dict[str, OutputFormat] = {kind: output for output, kind in MEDIA_TYPES.items()} | {
    "image/*": DEFAULT,
    "image/jpg": "jpeg",
}


def accepted_format(headers: Headers) -> OutputFormat:
    """The best accepted format if the header names images only, else PNG.

    Browsers that send a form name pages as well as images: they get PNG, which loses nothing. Of
    formats that are accepted equally, the one that is named first.
    """
    ranges = [part.strip() for part in ",".join(headers.getlist("accept")).split(",")]
    named = [_kind_and_quality(part) for part in ranges if part]
    if not all(kind.startswith("image/") for kind, _ in named):
        return DEFAULT
    known = [(quality, FORMATS[kind]) for kind, quality in named if kind in FORMATS and quality > 0]
    return max(known, key=lambda choice: choice[0])[1] if known else DEFAULT


def _kind_and_quality(part: str) -> tuple[str, float]:
    """A media range and its weight, 0 to 1; a weight that is no number counts as 1."""
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 1.0
    return kind, quality
