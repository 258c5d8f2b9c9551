"""One gate for a group: where it lies, who is off it, and whether it drifts."""

import numpy as np
import pytest

from gating.engine import gate_tube
from gating.outlines import off_group, shared_outline
from gating.strategy import load_strategy
from labproc.model import Boundary, SharedGate

from ._tubes import culture

ASINH = ("asinh:cofactor=100",)


def line(at: float) -> Boundary:
    return Boundary("threshold", ("RL2-A",), ASINH, np.array([[at]]))


def box(x: float) -> Boundary:
    points = np.array([[x, 0.0], [x + 4.0, 0.0], [x + 4.0, 3.0], [x, 3.0]])
    return Boundary("polygon", ("FSC-A", "SSC-A"), ("linear", "linear"), points)


def test_a_line_lies_at_the_median_of_the_tubes() -> None:
    assert shared_outline([line(v) for v in (900, 1000, 5000)]).points[0, 0] == pytest.approx(1000)


def test_of_outlines_the_one_amid_the_others_is_taken_whole() -> None:
    assert shared_outline([box(1.0), box(1.2), box(9.0)]).points[0, 0] == 1.2


def test_one_tube_is_no_group_and_gates_on_other_channels_do_not_count() -> None:
    other = Boundary("threshold", ("BL1-A",), ASINH, np.array([[9.0]]))
    assert shared_outline([line(1000)]) is None
    assert shared_outline([]) is None
    assert shared_outline([line(1000), other]) is None
    assert shared_outline([line(900), other, line(1100)]).points[0, 0] == pytest.approx(994.7, 1e-3)
    # by hand: sinh of the mean of asinh(9) and asinh(11), times 100


def test_the_tube_that_is_off_its_group_is_named() -> None:
    group = {f"t{k}": line(1000 + 10 * k) for k in range(6)}
    assert off_group({**group, "odd": line(9_000)}) == {
        "odd": off_group({**group, "odd": line(9_000)})["odd"]
    }
    assert "spreads above the group" in off_group({**group, "odd": line(9_000)})["odd"]
    assert off_group(group) == {}
    assert off_group({"a": line(1), "b": line(9_000), "c": line(2)}) == {}  # three are no group


def test_an_outline_off_its_group_is_named_too() -> None:
    group = {f"t{k}": box(10.0 + 0.1 * k) for k in range(6)}
    assert set(off_group({**group, "odd": box(30.0)})) == {"odd"}


def test_a_shared_line_cuts_the_tube_and_keeps_what_the_tube_would_have() -> None:
    strategy, tube = load_strategy("cd4_cd8"), culture(4_000, seed=3)[0]
    own = gate_tube(tube, strategy).get("Live")
    at = own.parameters["threshold"] * 1.2
    boundary = Boundary("threshold", own.channels, own.boundary.scales, np.array([[at]]))
    group = {"Live": SharedGate(boundary, 6, "D1, day 2")}
    shared = gate_tube(tube, strategy, grouped=group).get("Live")
    assert shared.parameters["threshold"] == pytest.approx(at)
    assert shared.parameters["own_threshold"] == own.parameters["threshold"]
    assert shared.boundary.points[0, 0] == pytest.approx(at)
    assert shared.flags[0].code == "gate_shared"
    assert "6 tubes (D1, day 2)" in shared.flags[0].message
    assert shared.ci_low <= shared.estimate <= shared.ci_high
    values = tube.events.column(own.channels[0])
    assert shared.n_events == np.count_nonzero(
        gate_tube(tube, strategy, draws=0).get("Singlets").mask & (values <= at)
    )


def test_a_reviewers_gate_wins_over_the_groups() -> None:
    strategy, tube = load_strategy("cd4_cd8"), culture(4_000, seed=3)[0]
    own = gate_tube(tube, strategy, draws=0).get("Live")
    group = {"Live": SharedGate(own.boundary, 6, "D1")}
    moved = gate_tube(tube, strategy, grouped=group, moved={"Live": [[9_999.0]]}, draws=0)
    assert moved.get("Live").parameters["threshold"] == 9_999.0
