import io

import pytest

from labproc.errors import ParseError
from labproc.formats.xml import root, walk


def read(text):
    return root(io.BytesIO(text.encode()), where="x.rdml")


def test_tags_lose_their_namespace():
    document = read('<rdml xmlns="http://www.rdml.org"><sample id="a"/></rdml>')
    assert [e.tag for e in document.iter()] == ["rdml", "sample"]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE r [<!ENTITY a "lol">]><r>&a;</r>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;</r>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/e.dtd"><r/>',
        '<!DOCTYPE r PUBLIC "a" "http://127.0.0.1:9/e.dtd"><r/>',
    ],
)
def test_document_types_and_entities_are_refused(text):
    with pytest.raises(ParseError, match=r"x\.rdml: DTDForbidden"):
        read(text)


@pytest.mark.parametrize("text", ["", "<a>", "<a></b>", "<a>&nbsp;</a>", "no xml"])
def test_broken_documents_are_refused(text):
    with pytest.raises(ParseError, match=r"x\.rdml"):
        read(text)


def test_deep_nesting_is_refused():
    with pytest.raises(ParseError, match="nest deeper than 100"):
        read("<a>" * 200_000 + "</a>" * 200_000)


def test_elements_come_in_order_and_whole():
    seen = [(event, e.tag) for event, e in walk(io.BytesIO(b"<a><b>1</b></a>"), where="x")]
    assert seen == [("start", "a"), ("start", "b"), ("end", "b"), ("end", "a")]
