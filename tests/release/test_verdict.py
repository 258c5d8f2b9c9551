"""One number with its interval against the limits of one specification."""

import pytest

from labproc.model import Specification, Verdict
from labproc.release.verdict import verdict

AT_LEAST = Specification("Live", day=14, low=70.0, unit="%")
BETWEEN = Specification("CAR+", day=14, low=20.0, high=80.0, unit="%")
AT_MOST = Specification("vcn", day=14, high=5.0, unit="copies/diploid genome")


@pytest.mark.parametrize(
    ("one", "value", "interval", "expected"),
    [
        (AT_LEAST, 80.0, (75.0, 85.0), Verdict.PASS),
        (AT_LEAST, 72.0, (70.0, 74.0), Verdict.PASS),  # the limit itself is allowed
        (AT_LEAST, 72.0, (69.9, 74.0), Verdict.CANNOT_SAY),
        (AT_LEAST, 69.0, (65.0, 72.0), Verdict.CANNOT_SAY),
        (AT_LEAST, 60.0, (55.0, 65.0), Verdict.FAIL),
        (BETWEEN, 50.0, (45.0, 55.0), Verdict.PASS),
        (BETWEEN, 90.0, (85.0, 95.0), Verdict.FAIL),
        (BETWEEN, 79.0, (75.0, 83.0), Verdict.CANNOT_SAY),
        (BETWEEN, 50.0, (10.0, 90.0), Verdict.CANNOT_SAY),
        (AT_MOST, 1.2, (0.9, 1.6), Verdict.PASS),
        (AT_MOST, None, (None, 0.1), Verdict.PASS),  # not detected, certainly under 0.1
        (AT_MOST, None, (None, 9.0), Verdict.CANNOT_SAY),
        (AT_MOST, None, (None, None), Verdict.CANNOT_SAY),
    ],
)
def test_the_whole_interval_decides(one, value, interval, expected) -> None:
    assert verdict(one, value, interval)[0] is expected


def test_the_reason_names_the_limit_that_is_crossed() -> None:
    assert verdict(BETWEEN, 79.0, (75.0, 83.0))[1] == "the interval crosses 80 %"
    assert verdict(AT_LEAST, 60.0, (55.0, 65.0))[1] == "the whole interval lies below 70 %"


def test_a_value_without_an_interval_is_judged_alone_and_says_so() -> None:
    found, why = verdict(AT_LEAST, 71.0)
    assert found is Verdict.PASS
    assert "no interval" in why


def test_a_doubtful_number_gives_no_verdict_however_good_it_looks() -> None:
    found, why = verdict(AT_LEAST, 99.0, (98.0, 99.9), doubt="no control")
    assert (found, why) == (Verdict.CANNOT_SAY, "no control")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Negative", Verdict.PASS), ("positive", Verdict.FAIL), (None, Verdict.CANNOT_SAY)],
)
def test_a_word_is_compared_as_a_word(value, expected) -> None:
    assert verdict(Specification("sterility", day=14, expected="negative"), value)[0] is expected
