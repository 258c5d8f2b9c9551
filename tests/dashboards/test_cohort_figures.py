import re

import numpy as np
import pytest

from dashboards.cohort_figures import survival_figure, swimmer_figure
from labproc.cohort.roles import Endpoint
from labproc.cohort.survival import Followed
from labproc.cohort.swimmer import Lane
from labproc.model import PatientEvent

LANES = [
    Lane("C1", "C", 300.0, "CR", "CR", goes_on=True),
    Lane("L1<img>", "Len", 90.0, "PR", marks=(PatientEvent("L1<img>", 40, "relapse"),)),
]


def followed(n: int) -> Followed:
    time = np.array([1.0, 4.0, 2.0, 6.0])[:n]
    event = np.array([1.0, 0.0, 1.0, 0.0])[:n]
    arms = ("C", "C", "Len", "Len")[:n]
    return Followed(Endpoint("OS", "t", "e"), time, event, arms, np.full(n, np.nan), ("C", "Len"))


def test_curves_step_down_at_events_and_mark_the_censored() -> None:
    drawn = survival_figure(followed(4))
    line, marks = drawn.data[:2]
    assert list(line.x) == [0, 1, 4]
    assert list(line.y) == [1, 0.5, 0.5]
    assert (list(marks.x), list(marks.y)) == ([4], [0.5])


def test_numbers_at_risk_stand_below() -> None:
    words = [a.text for a in survival_figure(followed(4)).layout.annotations]
    assert words[:8] == ["2", "2", "1", "1", "1", "0", "0", "C at risk"]  # months 0, 1, ... 6


def test_lanes_keep_their_order_and_arrows_show_who_goes_on() -> None:
    drawn = swimmer_figure(LANES, ("C", "Len"))
    assert list(drawn.layout.yaxis.categoryarray)[::-1][0] == "C1"
    assert [a.y for a in drawn.layout.annotations if a.showarrow] == ["C1"]
    assert {t.name for t in drawn.data} == {"C", "Len", "relapse"}
    assert "<img" not in drawn.to_json().replace("\\u003c", "<")


@pytest.mark.parametrize(
    "drawn", [survival_figure(followed(4)), swimmer_figure(LANES, ("C", "Len"))]
)
def test_every_axis_names_a_unit(drawn: object) -> None:
    layout = drawn.to_plotly_json()["layout"]
    for key in ("xaxis", "yaxis"):
        assert re.fullmatch(r".+ \(.+\)", layout[key]["title"]["text"])


def test_without_patients_the_figure_says_so() -> None:
    for drawn in (survival_figure(followed(0)), swimmer_figure([], ("C", "Len"))):
        assert not drawn.data
        assert drawn.layout.annotations[0].text.startswith("No ")
