"""What drawings are made from adds up to the gates."""

import numpy as np
import pytest

from gating.controls import Control
from gating.engine import gate_tube
from gating.strategy import load_strategy
from gating.views import densities
from labproc.model import Role

from ._tubes import culture


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


def test_median_fluorescence_is_of_the_gated_events(drawn):
    sample, made, views = drawn
    dye = sample.events.column("BL1-A")[made.get("CAR+").mask]
    assert views["CAR+"].median_fluorescence[0] == pytest.approx(float(np.median(dye)))
    assert views["CAR+"].labels == ("Protein L FITC",)
