"""CD4 against CD8 where hardly a cell is negative for both, and where too many are positive."""

import numpy as np
import pytest

from gating.methods._request import Request
from gating.methods.quadrant import place
from gating.transforms import Linear

N = 2_000
FOUR = ("CD4+", "CD8+", "CD4+CD8+", "CD4-CD8-")


def cross(x, y, *, compensated=True, **options):
    request = Request(
        populations=FOUR,
        channels=("CD4", "CD8"),
        linear=(x, y),
        scales=(Linear(), Linear()),
        ranges=(1.0, 1.0),
        options=options,
        compensated=compensated,
        draws=50,
    )
    return {s.population: s for s in place(request)}


def t_cells(seed=0):
    """T cells alone; the background of CD8+ cells in the CD4 channel has two peaks."""
    rng = np.random.default_rng(seed)
    dim = np.concatenate([rng.normal(0.08, 0.03, N // 8), rng.normal(0.3, 0.05, N // 8)])
    x = np.concatenate([rng.normal(0.55, 0.04, N), dim])
    y = np.concatenate([rng.normal(0.2, 0.05, N), rng.normal(0.7, 0.04, dim.size)])
    return x, y, np.arange(x.size) < N


@pytest.mark.parametrize("seed", range(3))
def test_without_cells_negative_for_both_the_fewest_lie_on_the_wrong_side(seed):
    x, y, is_cd4 = t_cells(seed)
    made = cross(x, y)
    assert np.count_nonzero(made["CD4+"].mask & is_cd4) > 0.99 * N
    assert np.count_nonzero(made["CD8+"].mask & ~is_cd4) > 0.97 * (N // 4)
    low, high = np.quantile(made["CD8+"].draws, [0.025, 0.975])
    assert low < 0.2 < high  # 500 of 2,500


def test_more_double_positives_than_likely_ask_for_a_look():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(0.15, 0.04, N), rng.normal(0.7, 0.04, N)])
    made = cross(x, x + rng.normal(0, 0.01, x.size), most_both=0.3)  # one dye in both detectors
    assert "many_double_positives" in {f.code for f in made["CD4+"].flags}


@pytest.mark.parametrize(("share", "compensated", "seen"), [
    (0.2, False, True), (0.2, True, False), (0.05, False, False),
])  # fmt: skip
def test_fewer_are_enough_where_nothing_was_compensated(share, compensated, seen):
    rng = np.random.default_rng(2)
    is_cd4 = np.arange(N) < N // 2
    both = rng.random(N) < share
    x = np.where(is_cd4 | both, 0.7, 0.2) + rng.normal(0, 0.03, N)
    y = np.where(~is_cd4 | both, 0.7, 0.2) + rng.normal(0, 0.03, N)
    made = cross(x, y, compensated=compensated, most_both=0.3)["CD4+CD8+"]
    assert made.estimate == pytest.approx(share, abs=0.03)
    flags = {f.code: f.severity.value for f in made.flags}
    assert flags.get("spillover_visible") == ("review" if seen else None)


def test_few_double_positives_do_not():
    x, y, _ = t_cells()
    assert cross(x, y, most_both=0.3)["CD4+"].flags == ()
