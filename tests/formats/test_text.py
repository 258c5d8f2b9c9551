import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproc.errors import ParseError
from labproc.formats.text import choose_delimiter, decode, looks_like_text, read_grid


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_text_is_the_same_in_every_unicode_encoding_and_line_end(encoding, ending):
    text = ending.join(["Well,Sample,Cт", "A1,Größe 5 µL,20.5", "A2,day 3,21"])
    decoded = decode(text.encode(encoding), name="x.csv")
    assert decoded.text.split("\n") == ["Well,Sample,Cт", "A1,Größe 5 µL,20.5", "A2,day 3,21"]
    assert decoded.flags == ()


def test_common_chinese_is_gbk_and_western_letters_are_windows():
    chinese = decode("样品,数量\n细胞,5\n".encode("gbk"), name="x")
    assert (chinese.encoding, chinese.text) == ("gbk", "样品,数量\n细胞,5\n")
    western = decode("sample,Größe µL\n".encode("cp1252"), name="x")
    assert (western.encoding, western.text) == ("cp1252", "sample,Größe µL\n")
    assert [f.severity for f in western.flags] == ["info"]


def test_a_guess_outside_western_letters_is_a_warning():
    decoded = decode("sample,日本\n".encode("shift_jis"), name="x.csv")
    assert [(f.code, f.severity) for f in decoded.flags] == [("encoding_guessed", "warning")]


def test_utf16_that_was_cut_is_refused():
    data = "Well\tCt\nA1\t20\n".encode("utf-16")[:-1]
    with pytest.raises(ParseError, match="may be incomplete"):
        decode(data, name="x.txt")


def test_control_characters_are_left_out_and_flagged_with_their_line():
    decoded = decode(b"a,b\nc,d\x00e\x1b[31m\n", name="x.csv")
    assert decoded.text == "a,b\nc,de[31m\n"
    assert "first on line 2" in decoded.flags[0].message


def test_a_line_of_more_than_a_mebibyte_is_refused():
    with pytest.raises(ParseError, match="line 2: 1,048,577 characters"):
        decode(b"a\n" + b"b" * 1_048_577, name="x.csv")


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Ct;Qty\n18,1;5,2\n19,3;4,1\n", ";"),
        ("Well,Ct,Note\nA1,20.5,a;b\nA2,21.5,c;d\n", ","),
        ("* Stage = 2, 3, 4\n[Results]\nWell\tCt\nA1\t20,5\n", "\t"),
        ('"a;b","c;d","e"\n"1;2","3","4"\n', ","),
        ("Well|Ct\nA1|20\n", "|"),
    ],
)
def test_the_delimiter_is_not_mistaken_for_a_decimal_comma(text, delimiter):
    assert choose_delimiter(text) == delimiter


def test_lines_keep_their_numbers_through_quoted_line_ends():
    grid = read_grid(b'a,b\n"x\ny",1\nz,2\n', name="x.csv")
    assert [(line.number, line.cells) for line in grid.lines] == [
        (1, ("a", "b")),
        (2, ("x\ny", "1")),
        (4, ("z", "2")),
    ]


def test_an_open_quotation_mark_is_refused_with_its_line():
    with pytest.raises(ParseError, match="line 2"):
        read_grid(b'a,b\n"x,1\nz,2\n', name="x.csv")


def test_the_line_that_states_the_delimiter_is_believed_and_left_out():
    grid = read_grid(b"sep=;\r\nWell;Note\r\nA1;a, b, c, d\r\n", name="x.csv")
    assert [(line.number, line.cells) for line in grid.lines if line.filled] == [
        (2, ("Well", "Note")),
        (3, ("A1", "a, b, c, d")),
    ]


def test_a_text_that_ends_without_a_line_end_says_so():
    assert read_grid(b"a,b\n1,2", name="x").ends_cut
    assert not read_grid(b"a,b\n1,2\n", name="x").ends_cut


def test_binary_is_not_text():
    assert not looks_like_text(bytes(range(32)) * 40)
    assert looks_like_text(b"Well,Ct\n")
    assert looks_like_text("Well\tCt\nA1\t20\n".encode("utf-16-le"))


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_parse_error(data):
    try:
        read_grid(data, name="x")
    except ParseError as error:
        assert "x" in str(error)  # noqa: PT017


@given(
    st.lists(
        st.lists(st.text("abcxyzäµ 0123456789.", min_size=1, max_size=6), min_size=3, max_size=3),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from("\t;,"),
)
def test_what_is_written_is_read(rows, delimiter):
    text = "\n".join(delimiter.join(row) for row in rows) + "\n"
    grid = read_grid(text.encode(), name="x")
    assert [line.cells for line in grid.lines] == [tuple(c.strip() for c in r) for r in rows]
