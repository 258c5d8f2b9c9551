"""One gate for a group, the tube that is off, and a drift that is no chance."""

import numpy as np
import pytest

from gating.engine import gate_tube
from gating.groups import drifts, off_group, off_positions, positions, shared_gate
from gating.strategy import load_strategy
from labproc.model import Boundary, SharedGate

from ._tubes import culture

STRATEGY = load_strategy("cd4_cd8")


@pytest.fixture(scope="module")
def group():
    return {f"s{k}": gate_tube(culture(2_500, seed=k)[0], STRATEGY, draws=0) for k in range(6)}


def test_every_threshold_has_a_place_and_a_cross_has_two(group):
    assert list(positions(group["s0"])) == ["Live", "T cells", "CD4+", "CD8+"]


def test_a_tube_is_held_against_its_group_gate_by_gate(group):
    off = gate_tube(culture(2_500, seed=3)[0], STRATEGY, moved={"Live": [[60_000.0]]}, draws=0)
    tubes = {name: positions(p) for name, p in {**group, "off": off}.items()}
    found = off_positions(tubes)
    assert list(found["off"]) == ["Live"]
    assert found["off"]["Live"].code == "gate_off_group"
    assert "above its group's" in found["off"]["Live"].message
    assert not any(found[name] for name in group)


def test_three_tubes_are_no_group():
    assert off_positions({"a": {"Live": 0.1}, "b": {"Live": 0.9}, "c": {"Live": 0.1}}) == {
        "a": {}, "b": {}, "c": {},
    }  # fmt: skip


ASINH = ("asinh:cofactor=100",)


def line(at, channel="RL2-A"):
    return Boundary("threshold", (channel,), ASINH, np.array([[at]]))


def box(x):
    points = np.array([[x, 0.0], [x + 4.0, 0.0], [x + 4.0, 3.0], [x, 3.0]])
    return Boundary("polygon", ("FSC-A", "SSC-A"), ("linear", "linear"), points)


def tubes(*outlines):
    return {f"t{k}": outline for k, outline in enumerate(outlines)}


def test_a_line_lies_at_the_median_of_the_tubes():
    shared = shared_gate(tubes(line(900), line(1000), line(5000)), "D1")
    assert shared.boundary.points[0, 0] == pytest.approx(1000)
    assert (shared.n_tubes, shared.group) == (3, "D1")


def test_the_median_of_two_is_taken_on_the_display_scale():
    # by hand: sinh of the mean of asinh(9) and asinh(11), times 100
    shared = shared_gate(tubes(line(900), line(1100)), "D1")
    assert shared.boundary.points[0, 0] == pytest.approx(994.7, 1e-3)


def test_the_tubes_gate_does_not_depend_on_which_tubes_scale_comes_first():
    scales = [f"logicle:T=1048575,W={w},M=4.5,A=0" for w in (0.2, 1.2)]
    own = [Boundary("threshold", ("RL2-A",), (s,), np.array([[v]])) for s, v in
           zip(scales, (400.0, 9_000.0), strict=True)]  # fmt: skip
    found = [shared_gate(tubes(*o), "D1").boundary.points[0, 0] for o in (own, own[::-1])]
    assert found[0] == pytest.approx(found[1])
    assert 400 < found[0] < 9_000


def test_of_outlines_the_one_amid_the_others_is_taken_whole():
    shared = shared_gate(tubes(box(1.0), box(1.2), box(9.0)), "D1")
    assert shared.boundary.points[0, 0] == 1.2


def test_one_tube_is_no_group_and_gates_on_other_channels_do_not_count():
    other = line(9.0, "BL1-A")
    assert shared_gate(tubes(line(1000)), "D1") is None
    assert shared_gate({}, "D1") is None
    assert shared_gate(tubes(line(1000), other), "D1") is None
    shared = shared_gate(tubes(other, line(1000), line(1000)), "D1")
    assert shared.boundary.channels == ("RL2-A",)
    assert shared.n_tubes == 2


def test_an_exception_does_not_move_the_groups_gate():
    own = tubes(line(900), line(1000), line(9_000), line(1100))
    shared = shared_gate(own, "D1", exceptions={"t2"})
    assert shared.boundary.points[0, 0] == pytest.approx(1000)


def test_the_tube_that_is_off_its_group_is_named():
    group = tubes(*[line(1000 + 10 * k) for k in range(6)])
    assert off_group(group, "Live") == {}
    (flag,) = off_group({**group, "odd": line(9_000)}, "Live", "D1").values()
    assert flag.code == "gate_off_group"
    assert "Live: its own gate lies" in flag.message
    assert "spreads above its group's (D1)" in flag.message
    assert off_group(tubes(line(1), line(9_000), line(2)), "Live") == {}  # three are no group


def test_an_outline_off_its_group_is_named_too():
    group = tubes(*[box(10.0 + 0.1 * k) for k in range(6)])
    assert set(off_group({**group, "odd": box(30.0)}, "Cells")) == {"odd"}


def test_a_gate_on_another_channel_is_off_its_group():
    group = tubes(*[line(1000 + 10 * k) for k in range(6)])
    (flag,) = off_group({**group, "odd": line(1000, "BL1-A")}, "Live").values()
    assert "on other channels" in flag.message


def test_a_shared_gate_is_the_median_of_the_tubes_own(group):
    outlines = {name: p.get("Live").boundary for name, p in group.items()}
    shared = shared_gate(outlines, "six tubes").boundary.points[0, 0]
    own = sorted(p.get("Live").parameters["threshold"] for p in group.values())
    assert own[2] <= shared <= own[3]  # of six, between the third and the fourth


def test_a_shared_cross_is_the_median_on_both_channels(group):
    outlines = {name: p.get("CD4+").boundary for name, p in group.items()}
    shared = shared_gate(outlines, "six tubes").boundary
    for axis in (0, 1):
        own = sorted(o.points[0, axis] for o in outlines.values())
        assert own[2] <= shared.points[0, axis] <= own[3]
    tube = culture(2_500, seed=0)[0]
    made = gate_tube(tube, STRATEGY, shared={"CD4+": SharedGate(shared, 6, "D1")}, draws=0)
    for name in ("CD4+", "CD8+"):  # one cross, whichever of its populations is named
        assert np.array_equal(made.get(name).boundary.points, shared.points)


def test_a_shared_line_cuts_the_tube_and_keeps_what_the_tube_would_have():
    tube = culture(4_000, seed=3)[0]
    own = gate_tube(tube, STRATEGY).get("Live")
    at = own.parameters["threshold"] * 1.2
    boundary = Boundary("threshold", own.channels, own.boundary.scales, np.array([[at]]))
    group = {"Live": SharedGate(boundary, 6, "D1, day 2")}
    shared = gate_tube(tube, STRATEGY, shared=group).get("Live")
    assert shared.parameters["threshold"] == pytest.approx(at)
    assert shared.parameters["own_threshold"] == own.parameters["threshold"]
    assert shared.parameters["placed"] == "shared"
    assert shared.boundary.points[0, 0] == pytest.approx(at)
    assert shared.flags[0].code == "gate_shared"
    assert "6 tubes (D1, day 2)" in shared.flags[0].message
    assert shared.ci_low <= shared.estimate <= shared.ci_high
    values = tube.events.column(own.channels[0])
    singlets = gate_tube(tube, STRATEGY, draws=0).get("Singlets").mask
    assert shared.n_events == np.count_nonzero(singlets & (values <= at))


def test_a_line_on_another_channel_is_not_put_through_a_tube():
    tube = culture(4_000, seed=3)[0]
    own = gate_tube(tube, STRATEGY, draws=0).get("Live")
    group = {"Live": SharedGate(line(1.0, "BL1-A"), 6, "D1")}
    kept = gate_tube(tube, STRATEGY, shared=group, draws=0).get("Live")
    assert np.array_equal(kept.mask, own.mask)
    assert "gate_shared" not in {f.code for f in kept.flags}


def test_a_reviewers_gate_goes_before_the_groups():
    tube = culture(2_500, seed=0)[0]
    own = gate_tube(tube, STRATEGY, draws=0).get("Live")
    shared = {"Live": SharedGate(own.boundary, 6, "D1")}
    made = gate_tube(tube, STRATEGY, shared=shared, moved={"Live": [[9_000.0]]}, draws=0)
    assert made.get("Live").parameters["threshold"] == 9_000.0


def series(slope, n=12, seed=0):
    noise = np.random.default_rng(seed).normal(0, 0.01, n)
    return [{"Live": 0.4 + slope * k + e} for k, e in enumerate(noise)]


def test_a_drift_over_the_series_is_said_once_with_its_size():
    # 12 tubes, 0.01 of the scale each: 11 steps make 0.11
    (flag,) = drifts(series(0.01))
    assert flag.code == "gate_drift"
    assert "+10%" in flag.message or "+11%" in flag.message


@pytest.mark.parametrize("seed", range(20))
def test_tubes_without_drift_show_none(seed):
    assert drifts(series(0.0, seed=seed)) == ()


def test_one_odd_tube_is_no_drift():
    tubes = series(0.0)
    tubes[-1] = {"Live": 0.9}
    assert drifts(tubes) == ()
