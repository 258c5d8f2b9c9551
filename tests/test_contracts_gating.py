"""What holds for every gating method, tested the moment a method is registered."""

import numpy as np
import pytest

from gating.methods import METHODS
from gating.methods._request import ControlValues, Request
from gating.transforms import Asinh
from labproc.model import Boundary

METHOD_NAMES = METHODS.names()
BOX = np.array([[0.0, 0.0], [500.0, 500.0]])
OPTIONS = {
    "rectangle": {"low": (0.0, 0.0), "high": (500.0, 500.0)},
    "polygon": {"points": ((0.0, 0.0), (8.0, 0.0), (4.0, 8.0))},
    "ellipse": {"points": ((2.0, 2.0), (5.0, 2.0), (2.0, 4.0))},
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


def request(name, n, *, seed=0, order=None):
    method = METHODS.get(name)
    rng = np.random.default_rng(seed)
    n_channels = method.n_channels[-1] if method.n_channels[-1] < 3 else 3
    columns = [
        np.where(rng.random(n) < 0.4, rng.lognormal(8, 0.4, n), rng.lognormal(5, 0.5, n))
        for _ in range(n_channels)
    ]
    other = rng.random(n) < 0.5
    channels = tuple(f"c{k}" for k in range(n_channels))
    control = tuple(np.random.default_rng(9).lognormal(5, 0.5, 2_000) for _ in range(n_channels))
    if order is not None:
        columns, other = [c[order] for c in columns], other[order]
    return Request(
        populations=tuple(f"p{k}" for k in range(method.n_populations)),
        channels=channels,
        linear=tuple(columns),
        scales=(Asinh(100.0),) * n_channels,
        options=OPTIONS.get(name, {}),
        ranges=(262_143.0,) * n_channels,
        controls=(ControlValues("untransduced", "same_arm", control),) if n_channels else (),
        masks={"other": other},
        outlines={}
        if n_channels != 2
        else {"other": Boundary("rectangle", channels, ("asinh:cofactor=100",) * 2, BOX)},
        draws=50,
        seed=3,
    )


@pytest.mark.parametrize("name", METHOD_NAMES)
@pytest.mark.parametrize("n", [0, 1, 2, 2_000])
def test_every_population_gets_a_mask_of_the_parents_length(name, n):
    made = METHODS.get(name).place(request(name, n))
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
