"""A gate on one peak, or on few dim positives, says so: no population in silence."""

import numpy as np
import pytest

from gating.density import Histogram
from gating.methods._split import Landscape, Split, shallow, split

N = 4_000
MIDDLE = 0.55  # of the display scale: peaks above it are taken for positives


def cut(values, side="above"):
    return split(
        values, "CD4", draws=0, rng=np.random.default_rng(0), middle=MIDDLE, side=side
    )  # fmt: skip


def normal(centre, n=N, seed=1):
    return np.random.default_rng(seed).normal(centre, 0.05, n)


def severities(made):
    return {f.code: f.severity.value for f in made.flags}


@pytest.mark.parametrize(
    ("centre", "side", "severity"),
    [
        (0.2, "above", "review"),  # no positives at all: an unstained tube
        (0.8, "above", "info"),  # all T cells
        (0.2, "below", "info"),  # all alive
        (0.8, "below", "review"),  # all dead
    ],
)
def test_one_peak_needs_a_look_unless_it_is_what_was_asked_for(centre, side, severity):
    assert severities(cut(normal(centre), side)) == {"no_valley": severity}


def test_few_dim_positives_may_be_autofluorescence():
    values = np.concatenate([normal(0.15), normal(0.45, 200, seed=2)])
    assert severities(cut(values)) == {"dim_positives": "review"}


@pytest.mark.parametrize(("centre", "n"), [(0.45, 2_000), (0.8, 200)])
def test_many_or_bright_positives_need_no_look(centre, n):
    values = np.concatenate([normal(0.15), normal(centre, n, seed=2)])
    made = cut(values)
    assert severities(made) == {}
    assert np.count_nonzero(values > made.display) == pytest.approx(n, rel=0.02)


@pytest.mark.parametrize(("height", "codes"), [(10.0, ["shallow_valley"]), (100.0, [])])
def test_a_valley_that_counting_may_have_made_needs_a_look(height, codes):
    # By hand: smoothed by 2 bins, the noise of peak and valley of `height` and a quarter less is
    # sqrt(1.75 height / 7.1): 1.6 and 5.0, under valleys that are 2.5 and 25 deep: 1.6 and 5.0.
    density = np.full(100, 0.75 * height)
    density[[20, 80]] = height
    counts = Histogram(0.0, 1.0, density)
    land = Landscape(counts, density, 2.0, ())
    made = shallow(Split(0.5, "valley", np.empty(0), 5.0, (0.205, 0.805)), land, "CD8")
    assert [f.code for f in made.flags] == codes


def test_a_cut_at_a_tail_moves_with_the_peak_it_leans_on():
    """Over tubes drawn anew, the cut varies by about what its own draws say."""
    cuts = [cut(normal(0.2, seed=k)).display for k in range(40)]
    made = split(normal(0.2), "CD4", draws=200, rng=np.random.default_rng(0), middle=MIDDLE)
    assert made.draws.size == 200
    assert 0.4 < made.draws.std() / np.std(cuts) < 2.5
