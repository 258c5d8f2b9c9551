"""One gate for a group, the tube that is off, and a drift that is no chance."""

import numpy as np
import pytest

from gating.engine import gate_tube
from gating.groups import drifts, off_group, positions, shared_gates
from gating.strategy import load_strategy

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
    found = off_group(tubes)
    assert list(found["off"]) == ["Live"]
    assert found["off"]["Live"].code == "gate_off_group"
    assert "above its group's" in found["off"]["Live"].message
    assert not any(found[name] for name in group)


def test_three_tubes_are_no_group():
    assert off_group({"a": {"Live": 0.1}, "b": {"Live": 0.9}, "c": {"Live": 0.1}}) == {
        "a": {}, "b": {}, "c": {},
    }  # fmt: skip


def test_a_shared_gate_is_the_median_of_the_tubes_own(group):
    made = shared_gates(list(group.values()), ["Live", "CD4+", "Cells"])
    assert list(made) == [
        "Live",
        "CD4+",
    ]  # cells are held by a polygon: nothing to take a median of
    own = sorted(p.get("Live").parameters["threshold"] for p in group.values())
    assert own[2] <= made["Live"][0][0] <= own[3]  # of six, between the third and the fourth
    again = gate_tube(culture(2_500, seed=0)[0], STRATEGY, shared=made, draws=20)
    live = again.get("Live")
    assert live.parameters["threshold"] == pytest.approx(made["Live"][0][0])
    assert live.parameters["placed"] == "shared"
    assert {f.code for f in live.flags} == {"gate_shared"}


def test_a_reviewers_gate_goes_before_the_groups():
    tube = culture(2_500, seed=0)[0]
    shared, moved = {"Live": [[3_000.0]]}, {"Live": [[9_000.0]]}
    made = gate_tube(tube, STRATEGY, shared=shared, moved=moved, draws=0)
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
