"""Simulated tubes hold what was asked for."""

from itertools import pairwise

import numpy as np
import pytest

from labproc.simulate import TubeSpec, simulate_tube
from labproc.simulate.panels import SPILL, TOP

BIG = TubeSpec(cells_per_ul=300.0, volume_ul=100.0)


def share(simulated, population, parent):
    return simulated.masks[population].sum() / simulated.masks[parent].sum()


@pytest.fixture(scope="module")
def tube():
    return simulate_tube(BIG, seed=1)


def test_fractions_are_those_that_were_asked_for(tube):
    # 30,000 cells: three standard errors of a fraction are below 0.01
    assert share(tube, "Live", "Singlets") == pytest.approx(0.91, abs=0.01)
    assert share(tube, "T cells", "Live") == pytest.approx(0.96, abs=0.01)
    assert share(tube, "CAR+", "T cells") == pytest.approx(0.30, abs=0.01)
    assert share(tube, "CD4+", "T cells") == pytest.approx(0.55, abs=0.01)
    assert share(tube, "CD4-CD8-", "T cells") == pytest.approx(0.025, abs=0.005)
    assert share(tube, "CD4+CD8+", "T cells") == pytest.approx(0.012, abs=0.004)


def test_cells_per_volume_are_poisson_around_the_density():
    # 100 cells/µL in 50 µL: 5000 cells, standard deviation 71; pairs count as two
    spec = TubeSpec(cells_per_ul=100.0, volume_ul=50.0, doublets=0.0)
    n = [simulate_tube(spec, seed=s).masks["Cells"].sum() for s in range(20)]
    assert np.mean(n) == pytest.approx(5000, abs=3 * 71 / np.sqrt(20))
    assert np.std(n) == pytest.approx(71, rel=0.6)


def test_masks_lie_within_their_parents(tube):
    chain = ("Cells", "Singlets", "Live", "T cells", "CAR+")
    for parent, child in pairwise(chain):
        assert not np.any(tube.masks[child] & ~tube.masks[parent])
    subsets = sum(tube.masks[m].astype(int) for m in ("CD4+", "CD8+", "CD4+CD8+", "CD4-CD8-"))
    assert np.array_equal(subsets > 0, tube.masks["T cells"])
    assert subsets.max() == 1


def test_the_same_seed_gives_the_same_events():
    one, other = (simulate_tube(TubeSpec(), seed=5).tube.events.values for _ in range(2))
    assert np.array_equal(one, other)
    assert not np.array_equal(one, simulate_tube(TubeSpec(), seed=6).tube.events.values[: len(one)])


def test_events_stand_in_the_order_of_time_and_within_the_range(tube):
    events = tube.tube.events
    assert np.all(np.diff(events.column("Time")) >= 0)
    assert events.values[:, 1:10].max() <= TOP
    assert events.volume_ul == 100.0
    # 100 µL at 200 µL/min take 30 s
    assert events.column("Time").max() * tube.tube.time_step_s == pytest.approx(30.0, rel=0.01)


def test_negatives_are_skewed_and_positives_have_a_dim_share(tube):
    car = tube.tube.events.column("BL1-A").astype(float)
    negative = car[tube.masks["T cells"] & ~tube.masks["CAR+"]]
    positive = car[tube.masks["CAR+"]]
    skew = np.mean(((negative - negative.mean()) / negative.std()) ** 3)
    assert skew > 0.5  # a Gaussian has 0
    assert np.median(positive) > 8 * np.median(negative)
    # a log-normal with sigma 0.5 alone has 8.3 % below half its median
    assert np.mean(positive < 0.5 * np.median(positive)) > 0.10


def test_the_stated_spillover_takes_the_spill_out():
    events = simulate_tube(TubeSpec(panel="subset", cells_per_ul=300.0), seed=2)
    raw = events.tube.events.select(SPILL.detectors).astype(float)
    clean = raw @ np.linalg.inv(SPILL.matrix)
    cd8, other = events.masks["CD8+"], events.masks["CD4+"]
    column = SPILL.detectors.index("RL2-A")  # 14.5 % of CD8's dye is seen there
    assert np.median(raw[cd8, column]) > 3 * np.median(raw[other, column])
    assert np.median(clean[cd8, column]) == pytest.approx(np.median(clean[other, column]), rel=0.15)


def test_an_unstained_tube_has_no_positives():
    bare = simulate_tube(TubeSpec(stained=False, car_fraction=0.4), seed=3)
    car = bare.tube.events.column("BL1-A")
    assert np.percentile(car, 99) < 1500


def test_a_clog_thins_the_events_and_is_marked():
    spec = TubeSpec(cells_per_ul=300.0, clog=(0.4, 0.5))
    clogged = simulate_tube(spec, seed=4)
    time = clogged.tube.events.column("Time") / 30_000.0  # of 30 s
    inside = np.mean((time > 0.4) & (time < 0.5))
    assert inside == pytest.approx(0.1 * 0.4, abs=0.01)
    assert np.array_equal(clogged.masks["Disturbed"], (time > 0.4) & (time < 0.5)) or (
        np.mean(clogged.masks["Disturbed"] != ((time > 0.4) & (time < 0.5))) < 1e-3
    )


def test_doublets_are_wider_than_cells_alone(tube):
    width = tube.tube.events.column("FSC-W")
    doublet = tube.masks["Cells"] & ~tube.masks["Singlets"]
    assert np.median(width[doublet]) > np.percentile(width[tube.masks["Singlets"]], 99)


@pytest.mark.parametrize("cells_per_ul", [0.0, 0.05])
def test_empty_and_nearly_empty_tubes(cells_per_ul):
    tube = simulate_tube(TubeSpec(cells_per_ul=cells_per_ul, volume_ul=10.0), seed=0)
    assert tube.tube.events.n_events == tube.masks["Cells"].size
