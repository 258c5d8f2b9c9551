"""The CAR estimate against simulated truth whose shapes are not the estimator's own."""

import numpy as np
import pytest

from gating.methods._car import estimate
from gating.methods._request import ControlValues, Request
from gating.methods.control import place
from gating.transforms import Logicle

from .car_simulation import SHAPES, simulate

SCALE = Logicle(1_048_576.0, 0.6, 4.5, 0.0)
FRACTIONS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6)


def place_one(case, seed=0):
    request = Request(
        populations=("CAR+",),
        channels=("BL1-A",),
        linear=(case.sample,),
        scales=(SCALE,),
        controls=(ControlValues("untransduced", "same_arm", (case.control,)),),
        seed=seed,
    )
    return place(request)[0]


@pytest.fixture(scope="module")
def placed():
    """Rows of separation, truth, estimate, interval and whether someone is asked to look."""
    rows = []
    for number, (separation, shape) in enumerate(
        (s, h) for s in (2.0, 2.5, 3.0, 3.5, 4.0, 5.0) for h in SHAPES for _ in range(7)
    ):
        shift = np.random.default_rng(number).normal(0, 0.3)
        case = simulate(
            fraction=FRACTIONS[number % 7], separation=separation, shape=shape, shift=shift,
            n=6_000, n_control=6_000, seed=number,
        )  # fmt: skip
        made = place_one(case)
        low, high = np.quantile(made.draws, [0.025, 0.975])
        flagged = any(f.severity.value != "info" for f in made.flags)
        rows.append((separation, case.truth, made.estimate, low, high, flagged))
    return np.array(rows, dtype=float)


def covered(rows):
    return (rows[:, 3] <= rows[:, 1] + 1e-9) & (rows[:, 4] >= rows[:, 1] - 1e-9)


def test_the_estimate_is_near_the_truth_at_separation_3_and_more(placed):
    rows = placed[placed[:, 0] >= 3]
    error = np.abs(rows[:, 2] - rows[:, 1])
    assert np.median(error) <= 0.015
    assert np.quantile(error, 0.9) <= 0.03


def test_at_most_a_quarter_of_clear_samples_need_a_look(placed):
    rows = placed[placed[:, 0] >= 3]
    assert rows[:, 5].mean() <= 0.25


def test_dim_samples_are_flagged_or_their_interval_holds_the_truth(placed):
    rows = placed[placed[:, 0] < 3]
    assert np.mean(covered(rows) | (rows[:, 5] > 0)) >= 0.98


def test_intervals_hold_the_truth(placed):
    assert 0.92 <= covered(placed).mean() <= 0.98


@pytest.mark.parametrize("number", range(len(SHAPES)))
def test_intervals_hold_the_truth_whatever_the_negatives_shape(placed, number):
    rows = placed.reshape(-1, len(SHAPES), 7, placed.shape[1])[:, number].reshape(-1, 6)
    assert covered(rows).mean() >= 0.87  # 42 samples: 0.92 within 1.2 errors


def test_no_car_is_within_a_third_of_a_point_or_flagged(placed):
    rows = placed[placed[:, 1] == 0]
    assert np.all((rows[:, 2] <= 0.003) | (rows[:, 5] > 0))


def test_nothing_is_silently_zero():
    made = place_one(simulate(fraction=0.0, separation=3.0, shape="gamma", seed=5))
    assert "below_detection_limit" in {f.code for f in made.flags}
    assert made.parameters["detection_limit"] > 0


def test_all_positive_is_not_silently_everything():
    case = simulate(fraction=0.99, separation=5.0, shape="gamma", seed=6)
    made = place_one(case)
    assert any(f.severity.value != "info" for f in made.flags)


def test_a_control_from_the_wrong_mode_is_not_followed():
    """A control whose main peak lies where the sample's positives are asks for review."""
    case = simulate(fraction=0.3, separation=4.0, shape="gamma", seed=7)
    wrong = simulate(fraction=0.0, separation=4.0, shape="gamma", shift=4.0, seed=8)
    made = place_one(type(case)(case.sample, wrong.control, case.truth))
    assert any(f.severity.value in ("review", "warning") for f in made.flags)


def test_the_estimate_has_no_order():
    case = simulate(fraction=0.2, separation=3.0, shape="heavy", n=3_000, seed=9)
    shown = [SCALE.forward(v) for v in (case.sample, case.control)]
    order = np.random.default_rng(0).permutation(3_000)
    plain = estimate(shown[0], shown[1], draws=10, rng=np.random.default_rng(0))
    moved = estimate(shown[0][order], shown[1], draws=10, rng=np.random.default_rng(0))
    assert plain.fraction == moved.fraction
