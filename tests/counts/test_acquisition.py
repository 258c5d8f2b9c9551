"""Doubts that the acquisition itself raises, on simulated and real tubes."""

from dataclasses import replace

import numpy as np
import pytest

from labproc.counts.acquisition import acquisition_flags
from labproc.model import Events, FlowTube
from labproc.parsers.fcs import read_tube
from labproc.simulate import TubeSpec, simulate_tube


def codes(tube, counted):
    return {f.code for f in acquisition_flags(tube, counted)}


def kept(tube, mask):
    """Return the tube as if only these events had been saved."""
    events = tube.events
    fewer = Events(events.values[mask], events.channels, events.spillover, events.volume_ul)
    return replace(tube, events=fewer)


@pytest.fixture(scope="module")
def simulated():
    return simulate_tube(TubeSpec(panel="count", volume_ul=100.0), seed=1)


TRIGGER = {"#TR1": "OR_FSC,25000"}


def test_a_good_tube_raises_no_doubt(simulated):
    tube = replace(simulated.tube, keywords=TRIGGER)
    assert codes(tube, simulated.masks["Live"]) == set()


def test_more_cells_at_the_start_look_like_carry_over(simulated):
    tube: FlowTube = simulated.tube
    live = simulated.masks["Live"]
    time = tube.events.column("Time")
    early = np.flatnonzero(live & (time < 0.03 * time.max()))
    extra = np.repeat(tube.events.values[early], 3, axis=0)
    values = np.vstack([extra, tube.events.values])
    more = replace(tube, events=Events(values, tube.events.channels, None, 100.0))
    counted = np.concatenate([np.ones(len(extra), bool), live])
    assert "carry_over" in codes(more, counted)


def test_a_clog_is_no_carry_over():
    clogged = simulate_tube(TubeSpec(panel="count", clog=(0.3, 0.4)), seed=2)
    assert "carry_over" not in codes(clogged.tube, clogged.masks["Live"])


def test_events_cut_off_by_a_gate_on_side_scatter_are_seen(simulated):
    tube = replace(simulated.tube, keywords=TRIGGER)
    inside = tube.events.column("SSC-A") > 130_000.0
    assert "gated_file" in codes(kept(tube, inside), simulated.masks["Live"][inside])


def test_a_file_that_says_it_was_gated(simulated):
    tube = replace(simulated.tube, keywords={"$GATE": "1"})
    assert "gated_file" in codes(tube, simulated.masks["Live"])


@pytest.mark.shared
def test_a_real_attune_tube(shared):
    """G11: 46 µL in 13.66 s at 200 µL/min (45.5 µL), triggered on FSC, saved whole."""
    tube = read_tube(shared / "data/fcs/flowio/G11.fcs")
    everything = np.ones(tube.events.n_events, bool)
    assert codes(tube, everything) == set()
    faster = replace(tube, flow_rate_ul_min=500.0)
    assert "implausible_volume" in codes(faster, everything)
