"""XML from strangers: packed, broken, hostile; and what nobody looked at."""

import gzip

import pytest

from understudy.core.errors import DataError
from understudy.scenes.roads.xml_nodes import DEEPEST, parse_xml, read_xml, unread


def test_a_packed_file_is_read(tmp_path):
    (tmp_path / "a.xml.gz").write_bytes(gzip.compress(b'<a n="2.5"/>'))
    assert read_xml(tmp_path / "a.xml.gz", "a").number("n") == 2.5


@pytest.mark.parametrize("cut", [lambda packed: packed[:-12], lambda packed: packed[:12] + b"\xff" * 20])
def test_a_damaged_packed_file_is_refused(tmp_path, cut):
    path = tmp_path / "a.xml.gz"
    path.write_bytes(cut(gzip.compress(b"<a>" + bytes(range(33, 59)) * 20 + b"</a>")))
    with pytest.raises(DataError, match="cannot be read") as caught:
        read_xml(path, "a")
    assert "a.xml.gz" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_xml(tmp_path / "none.xml", "a")


def test_endless_entities_and_endless_depth_are_refused():
    bomb = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>'
    with pytest.raises(DataError, match="document type"):
        parse_xml(bomb, "bomb.xml", "a")
    with pytest.raises(DataError, match="deeper"):
        parse_xml(b"<a>" * (DEEPEST + 1), "deep.xml", "a")


def test_an_error_names_file_line_and_the_elements_around_it():
    root = parse_xml(b'<net>\n<road id="7">\n<lane id="-1" width="wide"/></road></net>', "net.xml", "net")
    with pytest.raises(DataError, match="wide") as caught:
        root.need("road").need("lane").number("width")
    assert caught.value.where == 'net.xml, line 3, road "7", lane "-1"'
    with pytest.raises(DataError, match="leng") as caught:
        root.need("road").number("length")
    assert caught.value.remedy


def test_what_nobody_asked_for_is_listed():
    root = parse_xml(b'<a known="1" other="2"><b/><b/><c d="3"/></a>', "a.xml", "a")
    root.text("known")
    root.all("c")
    listed = "\n".join(unread(root))
    assert 'attribute "other" of <a>' in listed
    assert "<a/b>: not understood, left out (2 times" in listed
    assert 'attribute "d" of <a/c>' in listed
    assert "known" not in listed
