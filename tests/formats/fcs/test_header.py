"""HEADER: version and offsets, or one clear line."""

import pytest

from labproc.errors import ParseError
from labproc.formats.fcs.header import Segment, looks_like_fcs, read_header

GOOD = b"FCS3.1    " + b"%8d%8d%8d%8d%8d%8d" % (58, 99, 100, 199, 0, 0)


def test_offsets_are_inclusive() -> None:
    header = read_header(GOOD, where="a.fcs")
    assert header.version == "FCS3.1"
    assert header.text == Segment(58, 99)
    assert header.data is not None
    assert header.data.n_bytes == 100
    assert header.analysis is None
    assert header.flags == ()


def test_blank_data_offsets_leave_the_events_to_text() -> None:
    raw = GOOD[:26] + b" " * 32
    assert read_header(raw, where="a.fcs").data is None


@pytest.mark.parametrize("version", [b"FCS3,1", b"fcs3.0", b"FCS9.9", b"FCS1.0"])
def test_odd_versions_are_read_and_flagged(version: bytes) -> None:
    flags = read_header(version + GOOD[6:], where="a.fcs").flags
    assert [f.code for f in flags] == ["fcs_version"]


def test_an_offset_that_is_no_number_is_flagged_for_data() -> None:
    raw = GOOD[:26] + b"     abc" + GOOD[34:]
    header = read_header(raw, where="a.fcs")
    assert header.data is None
    assert "DATA begin 'abc'" in header.flags[0].message


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"FCS3.1", "ends inside the HEADER, after 6 bytes, expected 58"),
        (b"<html>" * 20, "starts with b'<html><h', expected an FCS version"),
        (b"\xef\xbb\xbf" + GOOD, "3 bytes .* stand before the HEADER"),
        (GOOD[:10] + b"      -1" + GOOD[18:], "HEADER puts TEXT at '-1' to '99'"),
        (GOOD[:10] + b"      99      58" + GOOD[26:], "expected two byte offsets from 58 on"),
    ],
)
def test_what_is_no_header_is_refused_with_what_was_found(raw: bytes, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        read_header(raw, where="a.fcs")


def test_only_fcs_looks_like_fcs() -> None:
    assert looks_like_fcs(GOOD)
    assert looks_like_fcs(b"junk" + GOOD)
    assert not looks_like_fcs(b"Well,Sample,Cq\n")
