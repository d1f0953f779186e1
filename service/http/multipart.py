"""Multipart forms as they come: what is a file, how long a text may be, and what is broken.

A part is a file because its name says so: many clients send files without a file name (RFC 7578
asks for none), and some send texts with one. What clients of other services send is thrown away as
it comes. The parser of the syntax is python-multipart; its words never reach a client.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import UploadFile

from service.errors import InvalidRequest, MalformedForm
from service.http.fields import Fields, expected, shown

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

SPOOL_BYTES = 4 * 2**20  # a file up to this size stays in memory, a larger one goes to disk
TEXT_BYTES = 1024
TOO_LITTLE = 64  # a file of text that is no longer than this is shown to who sent it
PLAIN_ENCODINGS = (b"", b"7bit", b"8bit", b"binary")
CRLF, LF, HYPHENS = b"\r\n", b"\n", b"--"


@dataclass(slots=True)
class Form:
    """What a form has of what its route knows.

    Attributes:
        files: By name. An empty input of a browser is not there.
        texts: The options that are not empty, by name.
        opened: Every file, also those that count as absent.
    """

    files: dict[str, UploadFile] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    opened: list[UploadFile] = field(default_factory=list)

    def close(self) -> None:
        """Close every file that was opened, those that count as absent too."""
        for file in self.opened:
            file.file.close()

    def file(self, name: str) -> BinaryIO | None:
        """A file of the form, at its beginning; None where there is none."""
        return self.files[name].file if name in self.files else None


@dataclass(slots=True)
class _Part:
    """The part that is being read."""

    name: str = ""  # as it is called
    means: str = ""  # as it is known here; empty if it changes nothing
    headers: dict[bytes, bytes] = field(default_factory=dict)
    file_name: str | None = None
    file: UploadFile | None = None
    text: bytearray = field(default_factory=bytearray)
    size: int = 0


class FormReader:
    """Reads one form, chunk by chunk.

    Args:
        fields: What the route knows.
        boundary: From the request's Content-Type.
        max_parts: How many parts the form may have.
    """

    def __init__(self, fields: Fields, boundary: bytes, max_parts: int) -> None:
        self._fields = fields
        self._max_parts = max_parts
        self._delimiter = HYPHENS + boundary
        self._before: bytes | None = b""  # what may hold the first boundary; None after it
        self._form = Form()
        self._part = _Part()
        self._parts = 0
        self._last = ""  # the name of the last part whose head was read
        self._in_head = self._ended = False
        self._header = [b"", b""]
        self._to_write: list[tuple[UploadFile, bytes]] = []
        callbacks = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._read_header_name,
            "on_header_value": self._read_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_head,
            "on_part_data": self._read_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(boundary, cast("MultipartCallbacks", callbacks))
        except FormParserError as error:
            raise MalformedForm("the boundary in Content-Type is too long") from error

    async def read(self, stream: AsyncIterator[bytes]) -> Form:
        """Read a whole form; its files are the caller's to close, or closed if this fails.

        Raises:
            MalformedForm: it is broken or too large; says where and what to do.
            InvalidRequest: a field is not known, is there twice or comes in an odd encoding.
        """
        try:
            async for chunk in stream:
                self._parse(chunk)
                for file, data in self._to_write:
                    await file.write(data)
                self._to_write.clear()
            if not self._ended:
                raise self._cut_off()
            for file in self._form.files.values():
                await file.seek(0)
        except BaseException:
            self._form.close()
            raise
        return self._form

    def _parse(self, chunk: bytes) -> None:
        if self._before is not None:
            chunk = self._skip_preamble(chunk)
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise self._broken() from error

    def _skip_preamble(self, chunk: bytes) -> bytes:
        """What there is from the first boundary on; nothing as long as it has not come."""
        before = (self._before or b"") + chunk
        mark = self._delimiter
        at = before.find(mark)
        while at != -1 and len(after := before[at + len(mark) : at + len(mark) + 2]) == 2:
            if at == 0 or before[at - 1 : at] == LF:
                if after in (CRLF, HYPHENS):
                    self._before = None
                    return before[at:]
                if after[:1] == LF:
                    raise MalformedForm("the form's lines end in LF alone; they must end in CRLF")
            at = before.find(mark, at + 1)
        # One byte more than the boundary: the end of the line before it.
        self._before = before[at - 1 if at > 0 else 0 :] if at != -1 else before[-len(mark) :]
        return b""

    def _cut_off(self) -> MalformedForm:
        if self._before is not None:
            return MalformedForm(
                "the body does not have the boundary that Content-Type names; let your HTTP "
                "library write both"
            )
        where = f" in or after the field {shown(self._last)}" if self._last else ""
        return MalformedForm(f"the form ends{where} without its closing boundary")

    def _broken(self) -> MalformedForm:
        where = f" after the field {shown(self._last)}" if self._last else ""
        if self._in_head:
            return MalformedForm(
                f"the head of a part{where} cannot be read; it must be few and short lines such as "
                'Content-Disposition: form-data; name="image", each ending in CRLF, and then an '
                "empty line"
            )
        return MalformedForm(f"the form is broken{where}: a boundary must end in CRLF")

    # --- the parser's callbacks

    def _begin_part(self) -> None:
        self._in_head = True
        self._part = _Part()
        self._parts += 1
        if self._parts > self._max_parts:
            raise MalformedForm(
                f"the form has more than {self._max_parts} parts, which is all the server takes"
            )

    def _read_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _read_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _end_header(self) -> None:
        name, value = self._header
        self._part.headers[name.lower()] = value
        self._header = [b"", b""]

    def _end_head(self) -> None:
        self._in_head = False
        part = self._part
        _, options = parse_options_header(part.headers.get(b"content-disposition"))
        if b"name" not in options:
            raise MalformedForm(
                "a part of the form has no name; it needs a line such as "
                'Content-Disposition: form-data; name="image"'
            )
        part.name = self._last = _text(options[b"name"])
        if b"filename" in options:
            part.file_name = _text(options[b"filename"])
        if part.name in self._fields.files:
            part.means = self._fields.files[part.name]
            self._open_file(part)
        elif part.name in self._fields.options.model_fields:
            part.means = part.name
        elif not self._fields.is_ignored(part.name):
            raise self._fields.unknown(part.name)

    def _open_file(self, part: _Part) -> None:
        encoding = part.headers.get(b"content-transfer-encoding", b"").strip().lower()
        if encoding not in PLAIN_ENCODINGS:
            raise InvalidRequest(
                f"{part.name} has Content-Transfer-Encoding {shown(_text(encoding))}; send its "
                "bytes as they are"
            )
        spool = SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - closed with the form
        part.file = UploadFile(cast(BinaryIO, spool), size=0, filename=part.file_name)
        self._form.opened.append(part.file)

    def _read_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if not part.means:
            return
        if not part.size and (part.means in self._form.files or part.means in self._form.texts):
            raise InvalidRequest(f"{part.name} is there twice; send one {part.means}")
        part.size += end - start
        if part.file is not None:
            self._to_write.append((part.file, data[start:end]))
        elif part.size <= TEXT_BYTES:
            part.text += data[start:end]
        else:
            takes = expected(self._fields.options, part.means)
            raise MalformedForm(
                f"{part.name} is longer than {TEXT_BYTES} bytes; it must be {takes}"
            )

    def _end_part(self) -> None:
        part = self._part
        if part.file is not None:
            # A file that somebody chose is there, even if it is empty.
            if part.size or (part.file_name and part.means not in self._form.files):
                self._form.files[part.means] = part.file
        elif part.means and (text := _text(bytes(part.text)).strip()):
            self._form.texts[part.means] = text

    def _end(self) -> None:
        self._ended = True


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
