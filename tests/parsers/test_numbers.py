import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproc.errors import ParseError
from labproc.parsers._numbers import Token, clean, decide, is_numeric, parse


def sign(*texts, cq=(), others=()):
    tokens = [Token(t, f"line {i}", "quantity") for i, t in enumerate(texts, start=2)]
    tokens += [Token(t, f"line {i}", "Cq", 1000.0) for i, t in enumerate(cq, start=2)]
    return decide(tokens, [Token(t, "line 9") for t in others], name="x.csv")


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("5,720.562", ".", 5720.562),
        ("1,000E+03", ",", 1000.0),
        ("8,940e+003", ",", 8940.0),
        (",02", ",", 0.02),
        ("1.01E5", ".", 101_000.0),
        ("1.000.000", ",", 1e6),
        ("-3,338", ",", -3.338),
        ("1 234,5", ",", 1234.5),
        ("1'234.5", ".", 1234.5),
        ("97.5 %", ".", 97.5),
        ("1,0000", ".", None),
        ("0,123", ".", None),
        ("1,000E+03", ".", None),
        ("1.2.3", ".", None),
        ("abc", ".", None),
        ("", ".", None),
    ],
)
def test_a_number_is_read_in_its_notation_or_not_at_all(text, decimal, value):
    assert parse(text, decimal) == value


def test_one_number_settles_the_whole_file():
    assert sign("1,000", "5,720.562") == "."
    assert sign("1,000", ",02") == ","
    assert sign("1,000E+03") == ","


def test_a_cq_of_thousands_is_no_cq():
    assert sign("100", cq=["18,000", "18,100"]) == ","
    assert sign("100", cq=["18.000", "18.100"]) == "."


def test_one_thousand_alone_is_refused_with_its_place():
    with pytest.raises(ParseError, match=r"x\.csv, line 2: quantity is '1,000', which may be 1000"):
        sign("1,000", cq=["20", "21"])


def test_other_columns_settle_what_the_results_leave_open():
    assert sign("1,000", others=["0,25"]) == ","
    assert sign("1,000", others=["3.25"]) == "."


def test_other_columns_that_disagree_settle_nothing():
    with pytest.raises(ParseError, match="nothing else in the file settles it"):
        sign("1,000", others=["0,25", "3.25"])


def test_two_signs_in_one_file_are_refused_with_both_places():
    with pytest.raises(ParseError, match=r"'18\.5' \(line 2\) but Cq is '19,25' \(line 3\)"):
        sign(cq=["18.5", "19,25"])


def test_numbers_without_signs_need_no_decision():
    assert sign("100", "1000000", cq=["20"]) == "."


@given(
    st.lists(st.floats(0.001, 99.99), min_size=2, max_size=8),
    st.lists(st.integers(1, 10**7), min_size=1, max_size=8),
    st.sampled_from([(".", ","), (",", ".")]),
)
def test_what_an_instrument_writes_is_read_back(cqs, quantities, signs):
    decimal, thousands = signs
    swap = str.maketrans(".,", decimal + thousands)
    written = [f"{v:.4f}".translate(swap) for v in cqs]
    amounts = [f"{v:,.1f}".translate(swap) for v in quantities]
    assert sign(*amounts, cq=written) == decimal
    assert [parse(t, decimal) for t in written] == [round(v, 4) for v in cqs]
    assert [parse(t, decimal) for t in amounts] == [float(v) for v in quantities]


@given(st.text(max_size=12))
def test_no_text_trips_the_reader(text):
    assert parse(text, ".") is None or is_numeric(clean(text))
