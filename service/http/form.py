"""Multipart forms: parsed within limits, checked field by field."""

import errno
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.json_schema import SkipJsonSchema
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from service.errors import ClientGone, InvalidRequest, MalformedForm, Unavailable
from service.http.problems import describe_errors
from service.imaging.encoding import OutputFormat
from service.texturing import TextureMode

SPOOL_BYTES = 4 * 2**20  # a file up to this size stays in memory, a larger one goes to disk
FIELD_BYTES = 1024
MAX_DILATION = 256

Options = TypeVar("Options", bound=BaseModel)


class InpaintOptions(BaseModel):
    """What a client may say about how to inpaint, beside the files."""

    model_config = ConfigDict(extra="ignore")

    invert_mask: bool = Field(False, description="black is hole instead of white")
    dilate: int = Field(0, ge=0, le=MAX_DILATION, description="pixels by which the hole grows")
    format: OutputFormat = Field("png", description="format of the answer; WebP is lossless")
    texture: TextureMode | SkipJsonSchema[None] = Field(
        None,
        description="rebuild the model's fill from copies of the photo's own pixels: auto where "
        "time and memory allow it, on in any case, off never; by default as the server is set, "
        "which is auto unless its operator chose otherwise",
    )


@dataclass(frozen=True, slots=True)
class InpaintForm:
    """A checked form. The files are open as long as the form is."""

    image: BinaryIO
    mask: BinaryIO | None
    options: InpaintOptions


class _Parser(MultiPartParser):
    """Asks for the closing boundary, which the base class does without."""

    spool_max_size = SPOOL_BYTES
    ended = False

    def on_end(self) -> None:
        self.ended = True

    async def parse(self) -> FormData:
        data = await super().parse()
        if not self.ended:
            for file in self._files_to_close_on_error:
                file.close()
            raise MultiPartException("the form ends without its closing boundary")
        return data


@asynccontextmanager
async def read_form(request: Request, max_parts: int) -> AsyncIterator[InpaintForm]:
    """Read the form of `POST /inpaint`; its files are closed at the end of the block.

    Args:
        request: The request, its body unread.
        max_parts: How many files and how many fields it may have.

    Raises:
        MalformedForm, Unavailable, ClientGone: as in `open_form`.
        InvalidRequest: no image, or a field out of range.
    """
    async with open_form(request, max_parts) as data:
        yield InpaintForm(
            required_file(data, "image"),
            optional_file(data, "mask"),
            options_of(data, InpaintOptions),
        )


@asynccontextmanager
async def open_form(
    request: Request, max_parts: int, field_bytes: int = FIELD_BYTES
) -> AsyncIterator[FormData]:
    """Parse any multipart form; its files are closed at the end of the block.

    Args:
        request: The request, its body unread.
        max_parts: How many files and how many fields it may have.
        field_bytes: How long each field may be; files are limited by the body alone.

    Raises:
        MalformedForm: not a multipart form, cut off, or with too many or too long parts.
        InvalidRequest: no form at all.
        Unavailable: there is no room on disk for the upload.
        ClientGone: the client went away in the middle of it.
    """
    data = await _parse(request, max_parts, field_bytes)
    try:
        yield data
    finally:
        await data.close()


async def _parse(request: Request, max_parts: int, field_bytes: int) -> FormData:
    content_type, _ = parse_options_header(request.headers.get("content-type"))
    if content_type != b"multipart/form-data":
        raise InvalidRequest("there is no image; send multipart/form-data with a file named image")
    try:
        async with aclosing(request.stream()) as stream:
            parser = _Parser(
                request.headers,
                stream,
                max_files=max_parts,
                max_fields=max_parts,
                max_part_size=field_bytes,
            )
            return await parser.parse()
    except MultiPartException as error:
        raise MalformedForm(error.message) from error
    except UnicodeError as error:  # of a charset such as `undefined`, which fails on purpose
        raise MalformedForm("the form's text is not in the charset that it names") from error
    except ClientDisconnect as error:
        raise ClientGone from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("there is no room for the upload", retry_after_s=10) from error
        raise


def required_file(data: FormData, name: str) -> BinaryIO:
    """A file of the form.

    Raises:
        InvalidRequest: there is none, or it is a text field.
    """
    file = optional_file(data, name)
    if file is None:
        raise InvalidRequest(f"there is no {name}; send it as a file named {name}")
    return file


def optional_file(data: FormData, name: str) -> BinaryIO | None:
    """A file of the form; None where it is absent or a browser sent an empty input.

    Raises:
        InvalidRequest: it is a text field.
    """
    value = data.get(name)
    if not value or (isinstance(value, UploadFile) and not value.filename and not value.size):
        return None
    if not isinstance(value, UploadFile):
        raise InvalidRequest(f"{name} must be a file, not a text field")
    return value.file


def options_of(data: FormData, model: type[Options]) -> Options:
    """The fields of the form that a model knows; empty ones count as absent.

    Raises:
        InvalidRequest: a field is out of range; says which and why.
    """
    given: dict[str, Any] = {name: data[name] for name in model.model_fields if data.get(name)}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidRequest(describe_errors(error.errors())) from error
