"""Says in a picture's XMP that a model made part of it: IPTC's digital source type.

XMP that is there is not written anew, which would lose what it was written with: the statement is
put into its bytes, and one that was true of the photo before is taken out of them.
(XMP, ISO 16684-1, 7.4; IPTC Photo Metadata Standard, Digital Source Type.)
"""

import re
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
WHOLLY_MADE = "trainedAlgorithmicMedia"  # says more, and stays true of a filled picture
DESCRIPTION = [f"{RDF} RDF", f"{RDF} Description"]
SOURCE_TYPE = f"{IPTC} DigitalSourceType"
END_TAG = re.compile(rb"</(?:[^\s<>:]+:)?(RDF|DigitalSourceType)\s*>")
SOURCE_ATTRIBUTE = re.compile(rb"""\s[\w.-]+:DigitalSourceType\s*=\s*("[^"]*"|'[^']*')""")
PACKET = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="%s">%s</rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)


def marked_xmp(xmp: bytes | None) -> bytes:
    """XMP that says that a model made part of the picture, beside all that it says otherwise.

    Args:
        xmp: The photo's, in UTF-8; None, or what is no XMP, gives way to a packet that says nothing
            else.
    """
    packet = b"" if xmp is None else xmp.rstrip(b"\0")
    try:
        found = _Reader(packet)
    except (expat.ExpatError, _XmpError, ValueError):
        return PACKET % (RDF.encode(), _statement(""))
    if found.value.strip().rpartition("/")[2] in (COMPOSITE, WHOLLY_MADE):
        return packet
    parts, at = [], 0
    for start, end in found.replaced:
        parts.append(packet[at:start])
        at = end
    parts += [packet[at : found.end], _statement(found.about), packet[found.end :]]
    return b"".join(parts)


def _statement(about: str) -> bytes:
    """A description of its own, with the prefixes it needs, of the same thing as the others."""
    return (
        f'<rdf:Description xmlns:rdf="{RDF}" xmlns:Iptc4xmpExt="{IPTC}"'
        f" rdf:about={quoteattr(about)}><Iptc4xmpExt:DigitalSourceType>{TYPES}{COMPOSITE}"
        "</Iptc4xmpExt:DigitalSourceType></rdf:Description>"
    ).encode()


class _XmpError(ValueError):
    """Not XML that describes a picture."""


class _Reader:
    """Follows a packet, for what it says of the picture's source, and where.

    Attributes:
        end: Where the descriptions end.
        about: What they describe.
        value: The source type.
        replaced: Where that is said, from and to; in order.

    Raises:
        expat.ExpatError, _XmpError: the packet cannot be followed.
    """

    def __init__(self, packet: bytes) -> None:
        self.end, self.about, self.value = -1, "", ""
        self.replaced: list[tuple[int, int]] = []
        self._packet = packet
        self._path: list[str] = []
        self._starts: list[int] = []
        self._parser = parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._begin
        parser.CharacterDataHandler = self._text
        parser.EndElementHandler = self._finish
        parser.Parse(packet, True)
        if self.end < 0:
            raise _XmpError("no descriptions")

    def _refuse(self, *_: object) -> None:
        raise _XmpError("entities, which no XMP declares")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._starts.append(self._parser.CurrentByteIndex)
        if self.end >= 0:
            return
        if self._path[-3:] == [*DESCRIPTION, SOURCE_TYPE]:
            self.value += attributes.get(f"{RDF} resource", "")
        elif self._path[-2:] == DESCRIPTION:
            self.about = self.about or attributes.get(f"{RDF} about", "")
            self._begin_description(attributes.get(SOURCE_TYPE))

    def _begin_description(self, source_type: str | None) -> None:
        if source_type is None:
            return
        said = SOURCE_ATTRIBUTE.search(self._packet, self._parser.CurrentByteIndex)
        if said is None:
            raise _XmpError("an attribute that is not found again")
        self.value += source_type
        self.replaced.append(said.span())

    def _text(self, data: str) -> None:
        if self.end < 0 and self._path[-3:] == [*DESCRIPTION, SOURCE_TYPE]:
            self.value += data

    def _finish(self, name: str) -> None:
        self._path.pop()
        start, at = self._starts.pop(), self._parser.CurrentByteIndex
        tag = END_TAG.match(self._packet, at)  # none of elements like <this/>, `at` is behind them
        if self.end >= 0:
            return
        if name == f"{RDF} RDF":
            if tag is None:
                raise _XmpError("no descriptions")
            self.end = at
        elif name == SOURCE_TYPE and self._path[-2:] == DESCRIPTION:
            self.replaced.append((start, tag.end() if tag else at))
