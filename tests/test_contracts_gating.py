"""What holds for every gating method, tested the moment a method is registered."""

import numpy as np
import pytest

from gating.methods import METHODS
from gating.methods._request import ControlValues, Request
from gating.transforms import Asinh, Linear, Logicle
from labproc.model import Boundary, Severity

METHOD_NAMES = METHODS.names()
BOX = np.array([[0.0, 0.0], [500.0, 500.0]])
OPTIONS = {
    "rectangle": {"low": (0.0, 0.0), "high": (500.0, 500.0)},
    "polygon": {"points": ((0.0, 0.0), (8.0, 0.0), (4.0, 8.0))},
    "ellipse": {"points": ((2.0, 2.0, 2.0), (5.0, 2.0, 2.0), (2.0, 4.0, 2.0), (2.0, 2.0, 5.0))},
    "interval": {"low": 0.0, "high": 900.0},
    "threshold": {"at": 300.0},
    "cross": {"at": (300.0, 400.0)},
    "boolean": {"within": ("other",)},
    "reference": {"of": "other"},
    "box": {"low": (0.0, -np.inf, 100.0), "high": (900.0, np.inf, 5000.0)},
    "ellipsoid": {
        "centre": (1.5, 2.0, 3.0),
        "covariance": ((4.0, 1.0, 0.0), (1.0, 3.0, 0.0), (0.0, 0.0, 9.0)),
        "square": 2.0,
    },
}


def linear(rng, n):
    return np.where(rng.random(n) < 0.4, rng.lognormal(8, 0.4, n), rng.lognormal(5, 0.5, n))


def stored_log(rng, n):
    """10-bit channels, a log display stored as it was drawn: whole numbers, some piled at 0."""
    return np.clip(np.round(np.where(rng.random(n) < 0.4, *rng.normal([[700], [250]], 80, (2, n)))),
                   0, 1023)  # fmt: skip


def negative(rng, n):
    """Compensated values: a third lie below 0."""
    return rng.normal(60, 150, n) + np.where(rng.random(n) < 0.4, rng.lognormal(8, 0.4, n), 0.0)


def all_alike(rng, n):
    return np.full(n, 7.0)


KINDS = {
    "linear": (linear, Asinh(100.0), 262_143.0),
    "stored log": (stored_log, Linear(), 1023.0),
    "negative": (negative, Logicle(262_144.0, 1.0, 4.5), 262_143.0),
    "all alike": (all_alike, Linear(), None),
}


def request(name, n, *, seed=0, order=None, kind="linear"):
    method = METHODS.get(name)
    rng = np.random.default_rng(seed)
    n_channels = method.n_channels[-1] if method.n_channels[-1] < 3 else 3
    draw, scale, top = KINDS[kind]
    columns = [draw(rng, n) for _ in range(n_channels)]
    other = rng.random(n) < 0.5
    channels = tuple(f"c{k}" for k in range(n_channels))
    control = tuple(draw(np.random.default_rng(9), 2_000) for _ in range(n_channels))
    if kind == "linear":  # negatives alone
        control = tuple(
            np.random.default_rng(9).lognormal(5, 0.5, 2_000) for _ in range(n_channels)
        )
    if order is not None:
        columns, other = [c[order] for c in columns], other[order]
    return Request(
        populations=tuple(f"p{k}" for k in range(method.n_populations)),
        channels=channels,
        linear=tuple(columns),
        scales=(scale,) * n_channels,
        options=OPTIONS.get(name, {}),
        ranges=(top,) * n_channels,
        controls=(ControlValues("untransduced", "same_arm", control),) if n_channels else (),
        masks={"other": other},
        outlines={}
        if n_channels != 2
        else {"other": Boundary("rectangle", channels, (scale.spec,) * 2, BOX)},
        draws=50,
        seed=3,
    )


@pytest.mark.parametrize("name", METHOD_NAMES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [0, 1, 2, 5, 60, 2_000])
def test_every_population_gets_a_mask_of_the_parents_length(name, n, kind):
    made = METHODS.get(name).place(request(name, n, kind=kind))
    assert len(made) == METHODS.get(name).n_populations
    for k, selection in enumerate(made):
        assert selection.population == f"p{k}"
        assert selection.mask.shape == (n,)
        assert selection.mask.dtype == np.bool_
        if n and selection.estimate is not None:
            assert 0.0 <= selection.estimate <= 1.0
        if n == 2_000 and selection.draws is not None:
            assert selection.draws.shape == (50,)
            assert np.all((selection.draws >= 0) & (selection.draws <= 1))


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_a_method_gives_the_same_twice(name):
    first, second = (METHODS.get(name).place(request(name, 2_000)) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.mask, b.mask)
        assert a.estimate == b.estimate
        assert (a.draws is None and b.draws is None) or np.array_equal(a.draws, b.draws)


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_a_method_follows_a_reordering_of_the_events(name):
    order = np.random.default_rng(1).permutation(2_000)
    plain = METHODS.get(name).place(request(name, 2_000))
    moved = METHODS.get(name).place(request(name, 2_000, order=order))
    for a, b in zip(plain, moved, strict=True):
        assert np.array_equal(a.mask[order], b.mask)


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_a_method_leaves_its_events_alone(name):
    asked = request(name, 500)
    before = [c.copy() for c in asked.linear]
    METHODS.get(name).place(asked)
    for a, b in zip(before, asked.linear, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("name", ["singlets", "valley", "tail", "control", "cells", "quadrant"])
@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_gate_on_hardly_any_events_is_said_to_rest_on_hardly_any(name, n):
    made = METHODS.get(name).place(request(name, n))
    assert any(f.severity.rank >= Severity.REVIEW.rank for s in made for f in s.flags), name
