"""Where a gate's name stands: over the side that it holds, a cross' four in their corners."""

from dataclasses import replace

import numpy as np
import pytest

from dashboards.figures._gate_panel import Panel, overlay, span
from dashboards.figures.gates import coarse, gate_figure, gating
from labproc.model import Boundary
from labproc.pipeline.results import GateView, Results


@pytest.fixture
def positive(results: Results) -> GateView:
    return next(g for g in results.tubes[0].gates if g.population == "CAR+")


def test_a_line_is_bracketed_on_the_side_it_holds(positive: GateView) -> None:
    low, high = (float(positive.density.edges[0][i]) for i in (0, -1))
    below = replace(positive, parameters={**positive.parameters, "side": "below"})
    at = span(positive)[0]
    assert span(positive) == (at, high)
    assert span(below) == (low, at)
    (line, bracket), (label,) = overlay(below, Panel())
    assert (line["x0"], bracket["x0"], bracket["x1"]) == (at, low, at)
    assert label["xanchor"] == "left"
    assert overlay(positive, Panel())[1][0]["xanchor"] == "right"


def test_the_four_populations_of_a_cross_are_named_in_their_corners(results: Results) -> None:
    cells = next(g for g in results.tubes[0].gates if g.population == "Cells")
    cross = Boundary("quadrant", ("FSC-A", "SSC-A"), ("linear", "linear"), np.array([[5e5, 4e5]]))
    names = ("CD4+", "CD8+", "CD4+CD8+", "CD4-CD8-")
    four = tuple(
        replace(cells, population=n, boundary=cross, fraction=0.1 * (k + 1))
        for k, n in enumerate(names)
    )
    tube = replace(results.tubes[0], gates=four)
    labels = gate_figure(four[3], tube=tube).layout.annotations
    placed = {a.text.partition("<br>")[0]: (a.xanchor, a.yanchor) for a in labels}
    # across is CD4, up is CD8
    assert placed == {
        "CD4+": ("right", "bottom"), "CD8+": ("left", "top"),
        "CD4+CD8+": ("right", "top"), "CD4-CD8-": ("left", "bottom"),
    }  # fmt: skip
    assert len(gating(results, tubes=[tube]).data) == 1


def test_a_coarser_density_holds_the_same_events(results: Results) -> None:
    fine = next(g for g in results.tubes[0].gates if g.population == "Cells").density
    made = coarse(fine)
    assert made.counts.shape == (64, 64)
    assert made.counts.sum() == fine.counts.sum()
    assert made.counts[0, 0] == fine.counts[:2, :2].sum()
    assert [e[-1] for e in made.edges] == [e[-1] for e in fine.edges]
