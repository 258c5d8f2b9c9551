"""A control is gated once for all that ask the same of it, and anew where anything differs."""

import numpy as np
import pytest

from gating import _leaning
from gating.controls import Control
from gating.engine import gate_tube
from gating.strategy import load_strategy, parse_strategy
from labproc.model import Boundary, Role, SharedGate

from ._tubes import culture, spill, tube

CAR_T = load_strategy("car_t")
SAMPLES = [culture(3_000, seed=s)[0] for s in (1, 2)]
CONTROL = Control(Role.UNTRANSDUCED, culture(3_000, car=0.0, seed=3)[0])


@pytest.fixture
def misses():
    """Return how many controls were gated since the last question."""
    _leaning._values.cache_clear()
    seen = [0]

    def since():
        now = _leaning._values.cache_info().misses
        seen[0], made = now, now - seen[0]
        return made

    return since


def threshold(sample=SAMPLES[0], strategy=CAR_T, controls=(CONTROL,), **how):
    made = gate_tube(sample, strategy, controls=controls, draws=0, **how)
    return made.get("CAR+").parameters["threshold"]


def test_two_samples_of_a_day_gate_their_control_once(misses):
    one, two = threshold(SAMPLES[0]), threshold(SAMPLES[1])
    assert one == two
    assert misses() == 1


def live_at(at):
    outline = Boundary("threshold", ("RL2-A",), ("linear",), np.array([[at]]))
    return {"Live": SharedGate(outline, 2, "all")}


@pytest.mark.parametrize(
    "how",
    [
        {"spillover": spill(0.3, 0.2)},
        {"markers": {"viability": "BL1-A"}},
        {"shared": live_at(400.0)},
        {"seed": 4},
        {"strategy": parse_strategy(CAR_T.text.replace("0.15", "0.3"), name="car_t")},
        {"controls": (Control(Role.UNTRANSDUCED, culture(3_000, car=0.0, seed=5)[0]),)},
    ],
    ids=lambda how: next(iter(how)),
)
def test_whatever_the_control_follows_from_makes_it_another(misses, how):
    threshold()
    assert misses() == 1
    remembered = threshold(**how)
    assert misses() == 1
    _leaning._values.cache_clear()
    assert remembered == threshold(**how)


def test_what_differs_from_the_sample_is_said_of_each_sample(misses):
    louder = tube(SAMPLES[1].events.values, voltage=410.0)
    made = [gate_tube(s, CAR_T, controls=[CONTROL], draws=0) for s in (SAMPLES[0], louder)]
    assert misses() == 1
    said = [{f.code for f in m.get("CAR+").flags} for m in made]
    assert "control_differs" not in said[0]
    assert "control_differs" in said[1]
