"""Events at the ends of a scale are counted and left out."""

import numpy as np

from gating.methods._request import Request
from gating.methods.margins import place
from gating.transforms import Linear


def margins(*columns):
    n = len(columns)
    request = Request(
        populations=("On scale",),
        channels=("FSC-A", "SSC-A")[:n],
        linear=columns,
        scales=(Linear(),) * n,
        ranges=(1_023.0,) * n,
        draws=10,
    )
    return place(request)[0]


def test_events_at_the_top_and_piled_up_at_the_bottom_are_left_out():
    inside = np.linspace(10.0, 1_000.0, 940)
    values = np.concatenate([np.full(20, 0.0), inside, np.full(40, 1_023.0)])
    made = margins(values)
    assert np.array_equal(made.mask, (values > 0) & (values < 1_023))
    assert made.parameters["lost_FSC-A"] == 0.06  # 60 of 1,000
    assert [f.code for f in made.flags] == ["margin_events"]


def test_the_lowest_event_alone_is_no_pile():
    made = margins(np.arange(1.0, 901.0), np.arange(2.0, 902.0))
    assert made.mask.all()
    assert made.flags == ()
