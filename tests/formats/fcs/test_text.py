"""TEXT: delimiters doubled, missing, empty values, repeated keywords, encodings."""

import pytest

from labproc.errors import ParseError
from labproc.formats.fcs.text import read_more, read_text


def words(raw: bytes) -> dict[str, str]:
    return dict(read_text(raw, where="a.fcs").values)


def codes(raw: bytes) -> list[str]:
    return [f.code for f in read_text(raw, where="a.fcs").flags]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"/$PAR/2/$P3F/488//10/", {"$PAR": "2", "$P3F": "488/10"}),
        (b"/$PAR/2/$P3F/50////10/", {"$PAR": "2", "$P3F": "50//10"}),
        (b"/$PAR/2/K///a/", {"$PAR": "2", "K": "/a"}),
        (b"/$PAR/2/K//L/b/", {"$PAR": "2", "K": "", "L": "b"}),
        (b"/$PAR/2/K//L//M/c/", {"$PAR": "2", "K": "", "L": "", "M": "c"}),
        (b"/$PAR/2/K/a///L/b/", {"$PAR": "2", "K": "a/", "L": "b"}),
        (b"/$PAR/ 2 / $Tot /7/", {"$PAR": "2", "$TOT": "7"}),
        (b"/$PAR/2/K/a/   \r\n\0", {"$PAR": "2", "K": "a"}),
        (b"/$PAR/2/K/Doc.//", {"$PAR": "2", "K": "Doc."}),
        (b"  /$PAR/2/", {"$PAR": "2"}),
        (b"\t$PAR\t2\tK\ta b\t", {"$PAR": "2", "K": "a b"}),
    ],
)
def test_keywords_and_values(raw: bytes, expected: dict[str, str]) -> None:
    assert words(raw) == expected


def test_values_are_utf8_or_else_latin1() -> None:
    raw = b"/$PAR/1/A/" + "µ™".encode() + b"/B/" + "µ±".encode("latin-1") + b"/"
    assert words(raw) == {"$PAR": "1", "A": "µ™", "B": "µ±"}


def test_a_missing_final_delimiter_is_said() -> None:
    assert words(b"/$PAR/2/K/ab") == {"$PAR": "2", "K": "ab"}
    assert codes(b"/$PAR/2/K/ab") == ["text_unterminated"]


def test_a_last_keyword_without_value_is_said() -> None:
    assert codes(b"/$PAR/2/K/") == ["text_odd"]


def test_the_first_of_two_values_stands_and_the_other_is_kept() -> None:
    text = read_text(b"/$PAR/2/$TOT/5/$TOT/7/$par/2/", where="a.fcs")
    assert text.values["$TOT"] == "5"
    assert text.others == {"$TOT": ("7",)}


def test_a_delimiter_that_was_not_doubled_is_put_back_into_its_value() -> None:
    raw = rb"\$PAR\2\$FIL\data\a.fcs\$TOT\5\$MODE\L\$CYT\x\$SYS\y" + b"\\"
    text = read_text(raw, where="a.fcs")
    assert text.values["$FIL"] == r"data\a.fcs"
    assert text.values["$TOT"] == "5"
    assert [f.code for f in text.flags] == ["delimiter_undoubled"]


@pytest.mark.parametrize("raw", [b"", b"/", b"X$PAR/2/", "/$PAR/2/".encode("utf-16"), b"\0" * 50])
def test_text_without_par_is_refused(raw: bytes) -> None:
    with pytest.raises(ParseError, match=r"a\.fcs: TEXT .*holds no \$PAR"):
        read_text(raw, where="a.fcs")


def test_supplemental_text_may_leave_its_first_delimiter_out() -> None:
    assert read_more(b"A/1/B/2/", delimiter=b"/") == [("A", "1"), ("B", "2")]
    assert read_more(b"/A/1/B/2/", delimiter=b"/") == [("A", "1"), ("B", "2")]
