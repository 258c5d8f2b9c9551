"""Names made safe for files and XML."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from labproc.exchange._text import distinct, file_name, flags_in_words, xml_id, xml_text


@given(st.text())
def test_a_file_name_stays_in_its_folder(text):
    name = file_name(text)
    assert name
    assert not set(name) & set('/\\:*?"<>|\x00')
    assert not name.startswith(".")
    assert len(name) <= 121


def test_names_that_windows_keeps_for_itself():
    assert file_name("CON") == "CON_"
    assert file_name("com1.fcs") == "com1.fcs_"


@given(st.text())
def test_xml_takes_every_text(text):
    element = etree.Element("a", {"b": xml_text(text)})
    element.text = xml_text(text)
    read = etree.fromstring(etree.tostring(element))
    assert (read.text or "", read.get("b")) == (xml_text(text), xml_text(text))


@given(st.text())
def test_an_identifier_is_one_in_xml(text):
    name = xml_id(text)
    assert name[0].isalpha() or name[0] == "_"
    assert all(c.isascii() and (c.isalnum() or c in "-_.") for c in name)


def test_names_are_told_apart_case_aside():
    assert distinct(["a", "A", "a_2", "a"]) == ["a", "A_2", "a_2_2", "a_3"]


def test_flags_in_words():
    cell = '[{"code": "few_events", "severity": "warning", "message": "3 events"}]'
    assert flags_in_words(cell) == "warning few_events: 3 events"
    assert flags_in_words("") == ""
