"""The acquisition over time: what was cut is where it was cut."""

from dataclasses import replace

import numpy as np
import pytest

from dashboards.figures.acquisition import acquisition, kept_time, spans
from labproc.pipeline.results import Results


@pytest.fixture
def tube(results: Results):
    return next(t for t in results.tubes if t.course is not None)


def test_stretches_that_were_cut_are_shaded_as_one(results: Results, tube) -> None:
    # 20 stretches of 2 s, the 9th to the 11th cut: 16 to 22 s
    assert spans(tube.course) == [(16.0, 22.0)]
    figure = acquisition(results, tube=tube)
    assert [(s.x0, s.x1) for s in figure.layout.shapes] == [(16.0, 22.0)]


def test_the_rate_is_events_a_second(results: Results, tube) -> None:
    rate = acquisition(results, tube=tube).data[0]
    assert list(rate.y[:2]) == [575.0, 575.0]  # 1,150 events in 2 s
    assert rate.x[0] == 1.0


def test_the_caption_says_how_much_was_left_out(results: Results, tube) -> None:
    words = acquisition(results, tube=tube).layout.meta["caption"]
    assert "15.0 % of the time, shaded, was left out" in words
    assert kept_time(tube) == 0.85


def test_a_cut_at_either_end_is_shaded_to_the_end(tube) -> None:
    kept = np.ones(20, dtype=bool)
    kept[[0, 18, 19]] = False
    assert spans(replace(tube.course, kept=kept)) == [(0.0, 2.0), (36.0, 40.0)]
