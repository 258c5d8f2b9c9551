"""Cells by scatter where there is little or nothing on the scale to gate."""

import numpy as np
import pytest

from gating.methods import METHODS, Request
from gating.transforms import Linear

TOP = 1_000.0


def place(forward, side):
    request = Request(
        ("Cells",), ("FSC-A", "SSC-A"),
        (np.asarray(forward, np.float32), np.asarray(side, np.float32)), (Linear(), Linear()),
        ranges=(TOP, TOP), draws=5,
    )  # fmt: skip
    (made,) = METHODS.get("cells").place(request)
    return made


@pytest.mark.parametrize("n_on_scale", [0, 30])
def test_a_tube_off_the_top_of_the_scatter_is_for_review_and_lost_to_nobody(n_on_scale):
    rng = np.random.default_rng(0)
    forward = np.full(500, TOP)
    forward[:n_on_scale] = rng.normal(500, 40, n_on_scale)
    made = place(forward, rng.normal(400, 40, 500))
    assert made.mask.all()
    assert [(f.code, f.severity.value) for f in made.flags] == [("too_few_events", "review")]
    assert f"{n_on_scale} events on the scatter's scale" in made.flags[0].message


def test_what_is_off_the_scale_is_said_where_enough_is_on_it():
    rng = np.random.default_rng(1)
    forward = rng.normal(500, 40, 1_000)
    forward[:200] = TOP
    made = place(forward, rng.normal(400, 40, 1_000))
    assert not made.mask[:200].any()
    assert made.mask[200:].mean() > 0.98
    assert made.parameters["saturated"] == pytest.approx(0.2)
    assert [f.code for f in made.flags] == ["saturated_scatter"]
