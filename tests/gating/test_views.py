"""What drawings are made from adds up to the gates."""

from dataclasses import replace

import numpy as np
import pytest

from gating.controls import Control
from gating.engine import gate_tube
from gating.strategy import load_strategy
from gating.views import densities, median_fluorescence
from labproc.model import (
    Channel,
    Events,
    FlowTube,
    GateResult,
    Populations,
    Role,
    SourceFile,
)

from ._tubes import NAMES, culture, tube


@pytest.fixture(scope="module")
def drawn():
    sample, _ = culture(4_000, seed=1)
    control, _ = culture(4_000, car=0.0, seed=2)
    controls = [Control(Role.UNTRANSDUCED, control)]
    made = gate_tube(sample, load_strategy("car_t"), controls=controls, draws=20)
    return sample, made, densities(sample, made, controls=controls)


def test_every_event_of_the_parent_is_drawn(drawn):
    _, made, views = drawn
    for population, view in views.items():
        assert view.counts.sum() == made.get(population).n_parent
        assert view.counts.shape == (128,) * len(view.channels)
        assert all(e.shape == (129,) for e in view.edges)


def test_the_control_is_overlaid_on_car_at_the_parents_height(drawn):
    _, made, views = drawn
    view = views["CAR+"]
    assert view.control_counts.sum() == pytest.approx(made.get("CAR+").n_parent)
    assert views["Live"].control_counts is None


def beside_a_dim_blank():
    """Return a tube, its live gate and the unstained tube that lies below its cells."""
    sample, _ = culture(4_000, seed=1)
    dim = np.array(culture(4_000, car=0.0, dead=0.0, seed=3)[0].events.values)
    dim[:, NAMES.index("RL2-A")] -= 1_000.0
    controls = [Control(Role.UNSTAINED, tube(dim, path="blank.fcs"))]
    made = gate_tube(sample, load_strategy("live"), controls=controls, draws=0)
    return sample, made, controls


def test_the_range_of_a_histogram_holds_the_control_too():
    sample, made, controls = beside_a_dim_blank()
    view = densities(sample, made, controls=controls)["Live"]
    assert view.counts.sum() == made.get("Live").n_parent
    first, last = np.flatnonzero(view.control_counts)[[0, -1]]
    assert 0 < first < np.flatnonzero(view.counts)[0]
    assert last < 127  # none piled up at an end


def test_a_gate_without_a_control_does_not_set_the_range_of_one_that_has_one():
    sample, made, controls = beside_a_dim_blank()
    live = made.get("Live")
    other = replace(live, population="Dead", parameters={"side": "above"}, mask=~live.mask)
    other = replace(other, mask=other.mask & made.get(live.parent).mask)
    gates = tuple(g for g in made if g is not live)
    views = densities(sample, replace(made, gates=(*gates, other, live)), controls=controls)
    assert views["Dead"].control_counts is None
    first = np.flatnonzero(views["Live"].control_counts)[0]
    assert 0 < first < np.flatnonzero(views["Live"].counts)[0]


def test_median_fluorescence_is_of_the_gated_events(drawn):
    sample, made, views = drawn
    dye = sample.events.column("BL1-A")[made.get("CAR+").mask]
    assert views["CAR+"].median_fluorescence[0] == pytest.approx(float(np.median(dye)))
    assert views["CAR+"].labels == ("Protein L FITC",)


def test_the_interval_of_a_median_holds_the_truth_as_often_as_it_says() -> None:
    """400 samples of 300 events whose median is 1000: 95 % of intervals, +-3 standard errors."""
    rng = np.random.default_rng(6)
    held = 0
    for _ in range(400):
        signal = rng.lognormal(np.log(1000.0), 0.5, 300)
        events = Events(signal[:, None], (Channel("BL1-A", range=262_144),), scale="compensated")
        tube = FlowTube(SourceFile("a.fcs", "0" * 64, "fcs"), events)
        gate = GateResult(
            "CAR+", "All events", np.ones(300, dtype=bool), 300, "control", channels=("BL1-A",)
        )
        median, low, high = median_fluorescence(tube, Populations("x", 300, (gate,)), "CAR+")
        assert low <= median <= high
        held += low <= 1000.0 <= high
    assert 0.917 <= held / 400 <= 0.983


def test_a_median_of_five_events_has_no_interval() -> None:
    events = Events(np.arange(1.0, 6.0)[:, None], (Channel("BL1-A"),), scale="compensated")
    tube = FlowTube(SourceFile("a.fcs", "0" * 64, "fcs"), events)
    gate = GateResult("CAR+", "All events", np.ones(5, dtype=bool), 5, "x", channels=("BL1-A",))
    found = median_fluorescence(tube, Populations("x", 5, (gate,)), "CAR+")
    assert found == (3.0, None, None)
