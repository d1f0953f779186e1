"""The multipart form of `POST /inpaint`: parsed within limits, checked field by field."""

import errno
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from service.encoding import OutputFormat
from service.errors import ClientGone, InvalidRequest, MalformedForm, Unavailable
from service.problems import describe_errors

SPOOL_BYTES = 4 * 2**20  # a file up to this size stays in memory, a larger one goes to disk
FIELD_BYTES = 1024
MAX_DILATION = 256


class InpaintOptions(BaseModel):
    """What a client may say about how to inpaint, beside the files."""

    model_config = ConfigDict(extra="ignore")

    invert_mask: bool = Field(False, description="black is hole instead of white")
    dilate: int = Field(0, ge=0, le=MAX_DILATION, description="pixels by which the hole grows")
    format: OutputFormat = Field("png", description="format of the answer; WebP is lossless")


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
    """Read the form; its files are closed at the end of the block.

    Args:
        request: The request, its body unread.
        max_parts: How many files and how many fields it may have.

    Raises:
        MalformedForm: not a multipart form, cut off, or with too many or too long parts.
        InvalidRequest: no image, or a field out of range.
        Unavailable: there is no room on disk for the upload.
        ClientGone: the client went away in the middle of it.
    """
    data = await _parse(request, max_parts)
    try:
        yield InpaintForm(_required(data, "image"), _file(data, "mask"), _options(data))
    finally:
        await data.close()


async def _parse(request: Request, max_parts: int) -> FormData:
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
                max_part_size=FIELD_BYTES,
            )
            return await parser.parse()
    except MultiPartException as error:
        raise MalformedForm(error.message) from error
    except ClientDisconnect as error:
        raise ClientGone from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("there is no room for the upload", retry_after_s=10) from error
        raise


def _required(data: FormData, name: str) -> BinaryIO:
    file = _file(data, name)
    if file is None:
        raise InvalidRequest(f"there is no {name}; send it as a file named {name}")
    return file


def _file(data: FormData, name: str) -> BinaryIO | None:
    """A file of the form; None where it is absent or a browser sent an empty input."""
    value = data.get(name)
    if not value or (isinstance(value, UploadFile) and not value.filename and not value.size):
        return None
    if not isinstance(value, UploadFile):
        raise InvalidRequest(f"{name} must be a file, not a text field")
    return value.file


def _options(data: FormData) -> InpaintOptions:
    names = InpaintOptions.model_fields
    given: dict[str, Any] = {name: data[name] for name in names if data.get(name)}
    try:
        return InpaintOptions.model_validate(given)
    except ValidationError as error:
        raise InvalidRequest(describe_errors(error.errors())) from error
