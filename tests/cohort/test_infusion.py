import pytest

from labproc.cohort.infusion import Infusion, read_infusion
from labproc.errors import SettingsError


@pytest.mark.parametrize(("zero", "day"), [("first", 28), ("largest", 26), ("last", 26)])
def test_a_split_infusion_has_a_day_zero(zero: str, day: int) -> None:
    found = read_infusion({"percent": [10, 30, 60], "day_zero": zero})
    assert found.days == (0, 1, 2)
    assert found.day(28) == day


def test_the_largest_part_need_not_be_the_last() -> None:
    assert Infusion((10.0, 60.0, 30.0), (0, 3, 5), "largest").offset == 3


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"percent": [10, 30]}, "expected parts that add up to 100"),
        ({"percent": [50, 50], "days": [0]}, "expected a day for each"),
        ({"percent": [50, 50], "days": [1, 0]}, "in order"),
        ({"percent": "10,30,60"}, "expected a list of numbers"),
        ({"percent": [50, 50], "days": [0, 1.5]}, "expected whole days"),
        ({"day_zero": "lst"}, "did you mean 'last'"),
        ({"percents": [100]}, "did you mean 'percent'"),
    ],
)
def test_what_no_infusion_can_be_is_said(said: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_infusion(said)
