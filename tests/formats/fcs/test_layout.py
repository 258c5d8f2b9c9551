"""Layout: what one event looks like, from keywords that may be wrong."""

import pytest

from labproc.errors import ParseError
from labproc.formats.fcs.layout import layout_flags, read_layout


def values(**changes: str) -> dict[str, str]:
    base = {"PAR": "2", "DATATYPE": "I", "BYTEORD": "4,3,2,1", "MODE": "L", "TOT": "3"}
    base |= {"P1B": "16", "P2B": "32", "P1R": "1024", "P2R": "4294967296"}
    return {f"${k}": v for k, v in {**base, **changes}.items() if v != "-"}


def test_integers_are_masked_below_the_next_power_of_two_of_their_range() -> None:
    layout = read_layout(values(P1R="1000"), where="a.fcs")
    assert [f.mask for f in layout.fields] == [1023, None]
    assert layout.event_bits == 48


def test_a_parameter_may_have_its_own_datatype() -> None:
    layout = read_layout(values(P2DATATYPE="F"), where="a.fcs")
    assert [f.kind for f in layout.fields] == ["I", "F"]


def test_ten_bits_in_words_take_sixteen() -> None:
    layout = read_layout(values(P1B="10", P2B="10"), where="a.fcs")
    assert layout.is_packed
    assert [f.bits for f in layout.in_words().fields] == [16, 16]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PAR": "-"}, r"TEXT has no \$PAR, expected a whole number"),
        ({"PAR": "3.5"}, r"\$PAR is '3.5', expected a whole number"),
        ({"PAR": "1000000"}, r"\$PAR is 1000000 but TEXT holds 9 keywords"),
        ({"TOT": "-1"}, r"\$TOT is '-1', expected a whole number"),
        ({"P2B": "-"}, r"TEXT has no \$P2B"),
        ({"P2B": "65"}, r"\$P2B is 65, expected 1 to 64 bits"),
        ({"DATATYPE": "F"}, r"\$P1B is 16, expected 32 bits for \$DATATYPE F"),
        ({"DATATYPE": "Q"}, r"\$DATATYPE is 'Q', expected 'I', 'F', 'D' or 'A'"),
        ({"BYTEORD": "9,9"}, r"\$BYTEORD is '9,9', expected '1,2,3,4' or '4,3,2,1'"),
        ({"BYTEORD": "-"}, r"\$BYTEORD is '', expected"),
        ({"MODE": "C"}, r"\$MODE is 'C', expected 'L'"),
    ],
)
def test_a_keyword_that_makes_no_sense_is_named(changes: dict[str, str], said: str) -> None:
    with pytest.raises(ParseError, match=said):
        read_layout(values(**changes), where="a.fcs")


def test_byte_order_does_not_matter_for_single_bytes() -> None:
    stated = values(P1B="8", P2B="8", BYTEORD="rubbish", P1R="256", P2R="256")
    flags = layout_flags(stated, read_layout(stated, where="a.fcs"))
    assert [f.code for f in flags] == ["byte_order_unreadable"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"P1R": "abc"}, "range_unreadable"),
        ({"P1R": "0"}, "range_unreadable"),
        ({"P1R": "1e500"}, "range_unreadable"),
        ({"P2R": "18446744073709551616"}, "range_too_large"),
        ({"BYTEORD": "3,4,1,2"}, "byte_order_odd"),
        ({"MODE": "-"}, "mode_missing"),
    ],
)
def test_what_is_left_open_is_flagged(changes: dict[str, str], code: str) -> None:
    stated = values(**changes)
    flags = layout_flags(stated, read_layout(stated, where="a.fcs"))
    assert [f.code for f in flags] == [code]
