"""That a model made part of a picture stands in its XMP, beside all that stood there."""

import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from service.imaging.metadata import MAX_SEGMENT_BYTES, Metadata
from service.imaging.provenance import IPTC, RDF, marked_xmp

COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
SPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/"'
    ' xmlns:x="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
)
BEFORE = '<?xpacket begin="\ufeff" id="W5"?>\n<a:xmpmeta xmlns:a="adobe:ns:meta/"><rdf:RDF '
AFTER = '</rdf:RDF></a:xmpmeta>\n   \n<?xpacket end="w"?>'


def packet(description: str) -> bytes:
    return f"{BEFORE}{SPACES}>{description}{AFTER}".encode()


def source_types(xmp: bytes) -> list[str]:
    """What an XML reader finds in the descriptions, as elements or attributes."""
    name = f"{{{IPTC}}}DigitalSourceType"
    root = ElementTree.fromstring(xmp.decode().strip("\ufeff\0"))
    found = []
    for description in root.iter(f"{{{RDF}}}Description"):
        found += [description.attrib[name]] if name in description.attrib else []
        found += [element.text or "" for element in description.findall(name)]
    return found


def test_a_photo_without_xmp_gets_a_packet():
    xmp = marked_xmp(None)
    assert source_types(xmp) == [COMPOSITE]
    assert xmp.startswith(b"<?xpacket begin=")


@pytest.mark.parametrize(
    "description",
    [
        '<rdf:Description dc:title="größer &lt; kleiner"><dc:a>1</dc:a></rdf:Description>',
        '<rdf:Description rdf:about="uuid:1&quot;"/><!-- </rdf:RDF> -->',
        " ",
    ],
)
def test_what_the_photo_says_stays_byte_for_byte(description):
    before = packet(description)
    after = marked_xmp(before)
    assert source_types(after) == [COMPOSITE]
    end = before.rindex(b"</rdf:RDF>")
    assert after.startswith(before[:end])
    assert after.endswith(before[end:])
    assert marked_xmp(after) == after


def test_it_is_said_of_what_the_others_are_said_of():
    after = marked_xmp(packet('<rdf:Description rdf:about="uuid:1&quot;"/>'))
    descriptions = list(ElementTree.fromstring(after.decode()).iter(f"{{{RDF}}}Description"))
    assert [each.attrib[f"{{{RDF}}}about"] for each in descriptions] == ['uuid:1"'] * 2


@pytest.mark.parametrize(
    "said",
    [
        f'<rdf:Description dc:a="1" x:DigitalSourceType="{CAMERA}" dc:b="2"/>',
        f"<rdf:Description dc:a='1' x:DigitalSourceType = '{CAMERA}' dc:b='2'></rdf:Description>",
        f'<rdf:Description dc:a="1"><x:DigitalSourceType>{CAMERA}</x:DigitalSourceType >'
        "</rdf:Description>",
        f'<rdf:Description dc:a="1"><x:DigitalSourceType rdf:resource="{CAMERA}"/>'
        "</rdf:Description>",
    ],
)
def test_another_source_type_is_no_longer_said(said):
    before = packet(said + "<rdf:Description dc:c='3'/>")
    after = marked_xmp(before)
    assert source_types(after) == [COMPOSITE]
    assert b"digitalCapture" not in after
    for kept in ("a", "c"):
        assert f'{kept}="1"' in after.decode() or f"{kept}='" in after.decode()


@pytest.mark.parametrize("kind", [COMPOSITE, MADE])
def test_what_says_as_much_is_left_alone(kind):
    before = packet(f'<rdf:Description x:DigitalSourceType="{kind}"/>')
    assert marked_xmp(before) == before


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"no XML",
        packet("<rdf:Description>"),
        packet('<rdf:Description unbound:a="1"/>'),
        b"<a/>",
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + packet("<rdf:Description>&b;</rdf:Description>"),
    ],
)
def test_what_is_no_xmp_gives_way(damaged):
    assert marked_xmp(damaged) == marked_xmp(None)


@given(st.text(alphabet='<>/:="rdfRDFx ', max_size=60))
def test_any_text_in_a_packet_leaves_one_that_says_it(text):
    assert source_types(marked_xmp(packet(text)))[-1] == COMPOSITE


def test_zeros_behind_a_packet_are_none_of_it():
    assert marked_xmp(packet(" ") + bytes(9)) == marked_xmp(packet(" "))


def test_where_the_photos_own_is_too_long_for_a_jpeg_it_is_said_alone():
    long = Metadata(xmp=packet(f"<rdf:Description dc:a='{'1' * MAX_SEGMENT_BYTES}'/>"))
    assert "xmp" not in long.jpeg()
    options = long.marked_filled().jpeg()
    assert source_types(options["xmp"]) == [COMPOSITE]
    file = io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(file, "JPEG", **options)
