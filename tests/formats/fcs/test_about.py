"""Date, time, volume and flow rate from TEXT."""

from datetime import datetime

import pytest

from labproc.formats.fcs import about


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        ("02-Mar-2020", "09:50:15", datetime(2020, 3, 2, 9, 50, 15)),
        ("2013-Jul-19", "13:08:29", datetime(2013, 7, 19, 13, 8, 29)),
        ("08-JUN-2017", "16:02:21.5", datetime(2017, 6, 8, 16, 2, 21, 500000)),
        ("11-Jun-98", "07:56:18:30", datetime(1998, 6, 11, 7, 56, 18, 500000)),
        ("28-Dec-10", "", datetime(2010, 12, 28)),
        ("2020-03-02", "25:00:00", datetime(2020, 3, 2)),
        ("02/03/2020", "09:50:15", None),
        ("31-Feb-2020", "09:50:15", None),
        ("NA", "", None),
    ],
)
def test_the_day_is_read_where_it_is_one_day(
    day: str, hour: str, expected: datetime | None
) -> None:
    assert about.acquired_at({"$DATE": day, "$BTIM": hour}) == expected


def test_fcs_3_2_writes_date_and_time_together() -> None:
    found = about.acquired_at({"$BEGINDATETIME": "2023-05-01T10:20:30", "$DATE": "01-Jan-2000"})
    assert found == datetime(2023, 5, 1, 10, 20, 30)


def volume(
    text: str | None, *, seconds: float | None = None, **more: str
) -> tuple[object, list[str]]:
    words = ({} if text is None else {"$VOL": text}) | {f"#{k}": v for k, v in more.items()}
    found, flags = about.volume(words, instrument="Attune NxT", seconds=seconds)
    return found, [f.code for f in flags]


def test_volume_is_in_nanolitres() -> None:
    # 200 µL/min for 13.645 s is 45.5 µL; the file says 46
    assert volume("46000", seconds=13.645, FLOWRATE="200") == (46.0, [])


@pytest.mark.parametrize("text", ["0", "abc", "-5"])
def test_a_volume_that_is_none_is_missing(text: str) -> None:
    assert volume(text) == (None, ["volume_missing"])


def test_a_volumetric_cytometer_without_volume_is_said() -> None:
    assert volume(None) == (None, ["volume_missing"])
    assert about.volume({}, instrument="LSRII", seconds=None) == (None, [])


def test_a_volume_that_cannot_be_nanolitres_is_not_guessed() -> None:
    assert volume("33.57") == (None, ["volume_unit_unclear"])


def test_a_volume_far_from_rate_times_time_is_for_review() -> None:
    assert volume("46000", seconds=30.0, FLOWRATE="200") == (46.0, ["volume_disagrees"])


@pytest.mark.parametrize(("text", "step"), [("0.001", 0.001), ("xxx", None), ("0", None)])
def test_the_time_step_is_a_number_above_zero(text: str, step: float | None) -> None:
    assert about.time_step_s({"$TIMESTEP": text}) == step
