"""The positive control over a study's plates, and wells that study.toml leaves out."""

from datetime import datetime, timedelta

import pytest

from labproc.model import CopyNumber, SourceFile, Status, Task, Well
from labproc.pipeline.plates import control_charts, in_order, omission_flags, with_trend
from labproc.pipeline.results import PlateView
from labproc.study.settings import Settings

STEADY = (1000.0, 1040.0, 970.0, 1015.0, 990.0, 1030.0, 960.0)
START = datetime(2026, 3, 2, 9)


def plate(name: str, copies: float, *, day: int = 0, target: str = "CAR") -> PlateView:
    source = SourceFile(name, name, "test", acquired_at=START + timedelta(days=day))
    wells = (Well("A1", "PC", target, Task.POSITIVE, 25.0),)
    control = CopyNumber(
        "PC", target, ("A1",), 1, 1, copies, copies, copies, "", Status.QUANTIFIED,
        task=Task.POSITIVE,
    )  # fmt: skip
    return PlateView(source, name, "test", wells, (), (control,))


def series(*copies: float) -> list[PlateView]:
    return [plate(f"p{i}", c, day=i) for i, c in enumerate(copies)]


def test_a_steady_control_passes_on_every_plate() -> None:
    plates = series(*STEADY)
    judged = with_trend(plates, control_charts(plates))
    assert [p.acceptance[0].verdict for p in judged] == ["pass"] * 7
    assert all(not p.flags for p in judged)


def test_a_lost_control_fails_its_own_plate_only() -> None:
    plates = series(*STEADY, 400.0)
    judged = with_trend(plates, control_charts(plates))
    assert [p.acceptance[0].verdict for p in judged] == ["pass"] * 7 + ["fail"]
    assert [f.code for f in judged[-1].flags] == ["positive_control_trend"]
    assert "1-3s" in judged[-1].acceptance[0].found
    assert "provisional" in judged[-1].acceptance[0].found


def test_plates_are_charted_as_they_were_run() -> None:
    plates = series(*STEADY)
    assert control_charts(plates[::-1])["CAR"].plates == tuple(p.source.path for p in plates)
    undated = PlateView(SourceFile("a", "a", "test"), "a", "test", (), (), ())
    assert in_order([undated, *plates])[-1] is undated


def test_four_plates_are_no_trend() -> None:
    plates = series(*STEADY[:4])
    assert control_charts(plates) == {}
    assert with_trend(plates, {}) == tuple(plates)


@pytest.mark.parametrize(
    ("file", "well", "found"), [("P0", "A1", 0), ("p0", "B1", 1), ("x", "A1", 1)]
)
def test_a_well_that_is_nowhere_is_named(file: str, well: str, found: int) -> None:
    settings = Settings.model_validate({"qpcr": {"omit": {file: {well: "bubble"}}}})
    flags = omission_flags(settings, series(*STEADY))
    assert [f.code for f in flags] == ["omitted_well_unknown"] * found
