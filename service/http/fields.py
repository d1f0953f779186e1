"""The fields of a form. Each is declared here, once; whatever is not declared is refused by name.

A request that plainly meant something must not be answered as if it had not: a mask sent as `Mask`
would leave the photo as it is, with nothing said. So every name is known: as a file, as an option,
or as something that clients of other services always send and that changes nothing here.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from service.errors import UnknownField
from service.imaging.encoding import OutputFormat
from service.imaging.metadata import MetadataMode
from service.texturing import TextureMode

MAX_DILATION = 256
MAX_SEED = 2**31 - 1
SHOWN_CHARACTERS = 60
# What others call the same things; spellings close to the names themselves are found without.
SYNONYMS = {
    "image": ("photo", "picture", "img", "file", "input", "source", "init_image", "init_img"),
    "mask": ("hole",),
    "invert_mask": ("invert", "inverse", "negative", "mask_invert"),
    "dilate": ("dilation", "grow", "expand", "mask_expand", "kernel_size"),
    "feather": ("feathering", "blur", "mask_blur", "soften"),
    "crop": ("cropped", "patch", "only_changed", "changed_only"),
    "seed": ("random_seed", "variation"),
    "model": ("network", "weights", "checkpoint", "engine"),
    "format": ("output_format", "type", "output", "ext", "file_type"),
}
SIMILAR = 0.6  # difflib's ratio, from which on a name is taken for another one misspelt
# What a browser sends if a form has a hidden field of that name (HTML, "the entry list").
HTML_FIELDS = frozenset({"_charset_"})


def _canonical_format(value: object) -> object:
    """`jpg`, `JPEG` and the like as the formats are called here."""
    if not isinstance(value, str):
        return value
    name = value.strip().lower()
    return "jpeg" if name == "jpg" else name


Format = Annotated[
    OutputFormat,
    BeforeValidator(_canonical_format),
    WithJsonSchema({"type": "string", "enum": ["png", "webp", "jpeg", "jpg"]}),
]
"""A format as clients name it."""


class InpaintOptions(BaseModel):
    """What a client may say about how to inpaint, beside the files.

    A new option is a new line here: forms, the schema and refusals follow.
    """

    model_config = ConfigDict(extra="forbid")

    invert_mask: bool = Field(False, description="black is hole instead of white")
    dilate: int = Field(0, ge=0, le=MAX_DILATION, description="pixels by which the hole grows")
    feather: int = Field(
        0,
        ge=0,
        le=MAX_DILATION,
        description="pixels inside the hole over which the fill fades in, which shows what lies "
        "there",
    )
    crop: bool = Field(
        False,
        description="answer only the rectangle that changed; its place is in X-Inpaint-Crop. Where "
        "nothing changed there is no image: status 204",
    )
    format: Format = Field("png", description="format of the answer; WebP is lossless")
    metadata: MetadataMode = Field(
        "keep",
        description="what becomes of EXIF, XMP and density: keep as far as the format holds them "
        "(upright, without thumbnail), no_location without the place, strip without any; colours "
        "keep their profile, and filled photos say that they are, unless the server is set "
        "otherwise",
    )
    seed: int = Field(
        0,
        ge=0,
        le=MAX_SEED,
        description="which of many fills: another one where the first is not liked. The same "
        "number gives the same answer; without texture there are eight, which then repeat",
    )
    texture: TextureMode | SkipJsonSchema[None] = Field(
        None,
        description="rebuild the model's fill from copies of the photo's own pixels: auto where "
        "time and memory allow it, on in any case, off never; by default as the server is set, "
        "which is auto unless its operator chose otherwise",
    )
    model: str | SkipJsonSchema[None] = Field(
        None,
        description="which model fills, by its name in GET /v1/models; by default the first one. "
        "One that was not asked for lately is loaded first, which takes seconds",
    )


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that one route knows.

    Attributes:
        options: The model of its options.
        files: What each spelling of a file's name means.
        ignored: Names that its clients send and that change nothing.
        query: Names that may stand in the query, and change nothing either.
    """

    options: type[BaseModel]
    files: Mapping[str, str] = field(default_factory=lambda: {"image": "image", "mask": "mask"})
    ignored: Collection[str] = ()
    query: Collection[str] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that mean something."""
        return (*dict.fromkeys(self.files.values()), *self.options.model_fields)

    def is_ignored(self, name: str) -> bool:
        """Whether a field is known and changes nothing."""
        return name in self.ignored or name in HTML_FIELDS

    def unknown(self, name: str) -> UnknownField:
        """The refusal of a name, with the nearest one that is known."""
        near = nearest(name, self.names)
        hint = f"did you mean {near}? The" if near else "the"
        fields = listed(self.names)
        return UnknownField(f"there is no field {shown(name)}; {hint} fields are {fields}")

    def check_query(self, names: Iterable[str]) -> None:
        """Check that nothing is asked for in the query, where nothing is read.

        Raises:
            UnknownField: there is a name in it.
        """
        for name in names:
            if name not in self.query:
                near = nearest(name, self.names)
                cure = f"send {near} as a field of the form" if near else "send fields of the form"
                raise UnknownField(f"the query names {shown(name)}, but is not read; {cure}")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a name was probably meant to be."""
    plain = _plain(name)
    names = {_plain(other): other for other in known}
    words = dict(names)
    for other in names.values():
        words |= {_plain(synonym): other for synonym in SYNONYMS.get(other, ())}
    if plain in words:
        return words[plain]
    # `mask_file`, `inpaint_mask`; what belongs to the image (`image_mask`) is not the image.
    if within := [spelling for spelling in names if spelling in plain]:
        return names[max(within, key=lambda spelling: (spelling != "image", len(spelling)))]
    close = get_close_matches(plain, words, n=1, cutoff=SIMILAR)
    return words[close[0]] if close else None


def expected(model: type[BaseModel], name: str) -> str:
    """What an option takes, in words: `a whole number from 0 to 256`."""
    schema: dict[str, Any] = model.model_json_schema()["properties"][name]
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return listed(schema["enum"], "or")
    if schema.get("type") == "boolean":
        return "true or false"
    if schema.get("type") == "integer":
        low, high = schema.get("minimum"), schema.get("maximum")
        return str(low) if low == high else f"a whole number from {low} to {high}"
    return "a text"


def listed(names: Iterable[str], word: str = "and") -> str:
    """`a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} {word} {last}" if most else last


def shown(text: str) -> str:
    """A client's own text within a message: short, on one line, in quotes."""
    short = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
    return "'" + re.sub(r"[^\x20-\x7e\xa0-\U0010ffff]", "?", short) + "'"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
