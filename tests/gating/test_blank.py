"""The live gate leans on an unstained tube: simulated cells, of which it is known who is dead."""

import numpy as np
import pytest

from gating import _leaning
from gating.controls import Control
from gating.engine import gate_tube
from gating.strategy import load_strategy
from labproc.model import Role

from ._tubes import NAMES, agreement, culture, tube

VIABILITY = NAMES.index("RL2-A")
LIVE = load_strategy("live")


def dyed(n=20_000, *, dead=0.4, dying=0.2, bright=0.0, seed=0, stained=True):
    """Return a tube whose living cells are autofluorescent in a long tail, and who lives.

    The dying have taken up some of the dye, anything up to what the dead have. ``bright`` of the
    cells are as autofluorescent as dead cells are stained.
    """
    rng = np.random.default_rng(seed)
    sample, _ = culture(n, debris=0.0, doublets=0.0, seed=seed)
    values = np.array(sample.events.values)
    own = 10 ** (2.0 + 0.25 * rng.gamma(2.0, 1.0, n)) + rng.normal(0, 60, n)
    own[rng.random(n) < bright] *= 300.0
    kind = rng.random(n)
    dies, is_dead = kind < dead + dying, kind < dead
    dye = np.where(is_dead, 10 ** rng.normal(4.1, 0.3, n), 10 ** rng.uniform(2.5, 4.1, n))
    values[:, VIABILITY] = own + np.where(dies, dye, 0.0) * stained
    return tube(values), ~dies


def live(sample, control=None, matched="same_arm", draws=50):
    controls = [] if control is None else [Control(Role.UNSTAINED, control, matched)]
    return gate_tube(sample, LIVE, controls=controls, draws=draws).get("Live")


def test_one_living_cell_in_a_hundred_is_called_dead_for_what_it_glows_without_the_dye():
    """As the rule says, though dying cells fill the valley and draw a cut by the sample lower."""
    unstained, _ = dyed(seed=1, stained=False)
    for seed in range(2, 6):
        sample, alive = dyed(seed=seed)
        alone, leaning = live(sample), live(sample, unstained)
        lost = [np.mean(alive & ~g.mask) / alive.mean() for g in (alone, leaning)]
        assert lost[1] < 0.0125 < lost[0]
        assert leaning.parameters["placed"] == "control"


def test_the_interval_holds_the_fraction_of_cells_below_the_same_cut():
    """Two tubes of one culture: the fraction that the other shows is a draw of the same."""
    held = 0
    exact = live(dyed(60_000, seed=500)[0], dyed(60_000, seed=501, stained=False)[0], draws=0)
    for seed in range(30):
        unstained, _ = dyed(4_000, seed=1_000 + seed, stained=False)
        sample, _ = dyed(4_000, seed=seed)
        gate = live(sample, unstained, draws=200)
        held += gate.ci_low <= exact.estimate <= gate.ci_high
    assert held >= 26  # of 30 at 95 %; 25 or fewer happen in 1 of 60 such tests


def test_a_cut_beyond_the_unstained_cells_stays_where_it_is():
    sample, _ = culture(seed=3)
    unstained, _ = culture(dead=0.0, seed=4)
    alone, leaning = live(sample), live(sample, unstained)
    assert np.array_equal(alone.mask, leaning.mask)
    assert leaning.parameters["placed"] == "valley"
    assert leaning.parameters["control_fraction_above"] < 0.01


def test_the_cut_does_not_follow_unstained_cells_among_the_dead():
    sample, alive = dyed(dying=0.0, seed=5)
    unstained, _ = dyed(seed=6, bright=0.05, stained=False)
    gate = live(sample, unstained)
    assert {"control_reaches_far": "review"}.items() <= {
        f.code: f.severity.value for f in gate.flags
    }.items()
    assert agreement(gate.mask, alive) > 0.9


@pytest.mark.parametrize(
    ("matched", "voltage", "n", "said"),
    [
        ("other", 400.0, 5_000, "another donor or day"),
        ("same_arm", 350.0, 5_000, "RL2-A at 350 V"),
        ("same_arm", 400.0, 40, "cells, expected at least 100"),
    ],
)
def test_an_unstained_tube_that_is_not_alike_is_not_leaned_on(matched, voltage, n, said):
    sample, _ = dyed(seed=7)
    values = dyed(seed=8, stained=False)[0].events.values[:n]
    gate = live(sample, tube(values, path="blank.fcs", voltage=voltage), matched)
    assert np.array_equal(gate.mask, live(sample).mask)
    [flag] = [f for f in gate.flags if f.code == "control_not_used"]
    assert flag.severity.value == "info"
    assert "blank.fcs" in flag.message
    assert said in flag.message


def test_an_unstained_tube_without_the_channel_is_named():
    sample, _ = dyed(3_000, seed=7)
    few = [0, 1, 2, 3]
    values = dyed(3_000, seed=8, stained=False)[0].events.values[:, few]
    bare = tube(values, [NAMES[k] for k in few], [""] * 4, path="blank.fcs")
    [flag] = [f for f in live(sample, bare).flags if f.code == "control_not_used"]
    assert "blank.fcs has no channel RL2-A" in flag.message


def test_of_many_tubes_that_are_not_alike_one_is_named_and_none_gated():
    sample, _ = dyed(3_000, seed=7)
    others = [tube(dyed(300, seed=s, stained=False)[0].events.values, path=f"{s}.fcs")
              for s in range(20)]  # fmt: skip
    _leaning._values.cache_clear()
    controls = [Control(Role.UNSTAINED, o, "other") for o in others]
    gate = gate_tube(sample, LIVE, controls=controls, draws=0).get("Live")
    [flag] = [f for f in gate.flags if f.code == "control_not_used"]
    assert flag.message.endswith(
        "0.fcs is of another donor or day, and 19 more are not alike either"
    )
    assert _leaning._values.cache_info().misses == 0


def test_where_all_are_alive_the_cut_stands_where_unstained_cells_end():
    sample, _ = dyed(dead=0.0, dying=0.0, seed=9)
    unstained, _ = dyed(dead=0.0, seed=10, stained=False)
    gate = live(sample, unstained)
    assert gate.fraction_of_parent == pytest.approx(0.99, abs=0.004)


def test_a_control_of_the_car_gate_is_cut_to_living_cells_by_the_same_unstained_tube():
    """The live step leans on a control too, and must not be left out of a control's own steps."""
    sample, _ = dyed(seed=11)
    bare, alive = dyed(seed=12)
    unstained, _ = dyed(seed=13, stained=False)
    fitc = np.array(bare.events.values)
    fitc[~alive, NAMES.index("BL1-A")] *= 50.0  # dead cells catch the stain
    controls = [Control(Role.UNTRANSDUCED, tube(fitc)), Control(Role.UNSTAINED, unstained)]
    made = gate_tube(sample, load_strategy("car_t"), controls=controls, draws=0)
    as_control = gate_tube(controls[0].tube, load_strategy("car_t"), controls=controls, draws=0)
    t_cells = as_control.get("T cells").mask
    threshold = as_control.get("CAR+").parameters["threshold"]
    assert made.get("CAR+").parameters["threshold"] == threshold
    assert np.mean(fitc[t_cells, NAMES.index("BL1-A")] > threshold) == pytest.approx(
        0.01, abs=0.002
    )
