"""Forms: read within limits, checked field by field."""

import errno
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from pydantic import BaseModel, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request

from service.errors import ClientGone, InvalidRequest, MalformedForm, Unavailable
from service.http.fields import Fields, InpaintOptions, expected, shown
from service.http.multipart import Form, FormReader
from service.http.other_clients import LAMA_CLEANER

GLANCE_BYTES = 60
FIELDS = Fields(InpaintOptions, ignored=LAMA_CLEANER)

Options = TypeVar("Options", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class InpaintForm:
    """A checked form. The files are open as long as the form is."""

    image: BinaryIO
    mask: BinaryIO | None
    options: InpaintOptions


@asynccontextmanager
async def read_form(request: Request, max_parts: int) -> AsyncIterator[InpaintForm]:
    """Read the form of `POST /inpaint`; its files are closed at the end of the block.

    Args:
        request: The request, its body unread.
        max_parts: How many parts it may have.

    Raises:
        MalformedForm, Unavailable, ClientGone: as in `open_form`.
        InvalidRequest: no image, or a field that is unknown, there twice or out of range.
    """
    async with open_form(request, FIELDS, max_parts) as form:
        yield InpaintForm(
            required_file(form, "image"),
            optional_file(form, "mask"),
            options_of(form, InpaintOptions),
        )


@asynccontextmanager
async def open_form(request: Request, fields: Fields, max_parts: int) -> AsyncIterator[Form]:
    """Read any multipart form; its files are closed at the end of the block.

    Args:
        request: The request, its body unread.
        fields: What the form may have.
        max_parts: How many parts it may have.

    Raises:
        MalformedForm: not a multipart form, cut off, or with too many or too long parts.
        InvalidRequest: no form at all, or a field that is unknown or there twice.
        Unavailable: there is no room on disk for the upload.
        ClientGone: the client went away in the middle of it.
    """
    fields.check_query(request.query_params)
    form = await _read(request, fields, max_parts)
    try:
        yield form
    finally:
        form.close()


async def _read(request: Request, fields: Fields, max_parts: int) -> Form:
    content_type, parameters = parse_options_header(request.headers.get("content-type"))
    if content_type != b"multipart/form-data":
        raise InvalidRequest(_no_form(content_type.decode("latin-1")))
    if not (boundary := parameters.get(b"boundary")):
        raise MalformedForm(
            "Content-Type names no boundary; do not set this header yourself, your HTTP library "
            "does it"
        )
    reader = FormReader(fields, boundary, max_parts)
    try:
        async with aclosing(request.stream()) as stream:
            return await reader.read(stream)
    except ClientDisconnect as error:
        raise ClientGone from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("there is no room for the upload", retry_after_s=10) from error
        raise


def _no_form(content_type: str) -> str:
    came = f"the body is {shown(content_type)}" if content_type else "Content-Type names no form"
    elsewhere = "; JSON with base64 goes to /api/v1/inpaint" if "json" in content_type else ""
    return f"{came}; send multipart/form-data with a file named image{elsewhere}"


def required_file(form: Form, name: str) -> BinaryIO:
    """A file of the form.

    Raises:
        InvalidRequest: there is none, or it is a text.
    """
    file = optional_file(form, name)
    if file is None:
        raise InvalidRequest(f"there is no {name}; send it as a file named {name}")
    return file


def optional_file(form: Form, name: str) -> BinaryIO | None:
    """A file of the form; None where it is absent or a browser sent an empty input.

    Raises:
        InvalidRequest: it is a text, such as a path or a URL, in place of the file's bytes.
    """
    file = form.file(name)
    if file is None or form.files[name].filename:
        return file
    beginning = file.read(GLANCE_BYTES)
    file.seek(0)
    if beginning.isascii() and (text := beginning.decode()).isprintable():
        raise InvalidRequest(
            f"{name} must be a file, but is the text {shown(text)}; send the file's bytes (with "
            f"curl: -F {name}=@photo.png)"
        )
    return file


def options_of(form: Form, model: type[Options]) -> Options:
    """The options of the form; empty ones count as absent.

    Raises:
        InvalidRequest: one of them is out of range; says which, and what it takes.
    """
    try:
        return model.model_validate(form.texts)
    except ValidationError as error:
        told = [
            _describe(model, str(problem["loc"][0]), problem["type"], problem["msg"], form.texts)
            for problem in error.errors(include_url=False)
        ]
        raise InvalidRequest("; ".join(told)) from error


def _describe(
    model: type[BaseModel], name: str, kind: str, words: str, texts: dict[str, str]
) -> str:
    if kind == "value_error":  # of a validator here, in words of its own
        return f"{name}: {words.removeprefix('Value error, ')}"
    return f"{name} must be {expected(model, name)}, not {shown(texts.get(name, ''))}"
