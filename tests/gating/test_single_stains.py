"""Spillover from single stains: simulated, and against the reference beside the mouse set."""

import csv

import numpy as np
import pytest

from gating.controls import Control
from gating.single_stains import spillover_from_stains
from labproc.errors import GatingError
from labproc.model import Role
from labproc.parsers.fcs import read_tube

from ._tubes import culture, tube


def stain(detector, row, *, seed=0, n=6_000):
    """A tube in which a third of the cells carry one dye, with its spill and autofluorescence."""
    rng = np.random.default_rng(seed)
    values = np.array(culture(n, debris=0.1, seed=seed)[0].events.values, dtype=np.float64)
    values[:, 4:] = rng.normal(150, 60, (n, 5))
    values[:, 4:] += (rng.random(n) < 0.08)[:, None] * rng.lognormal(7.5, 0.5, n)[:, None]
    dye = np.where(rng.random(n) < 0.33, rng.lognormal(10.0, 0.3, n), 0.0)
    values[:, 4:] += dye[:, None] * row
    return Control(Role.COMPENSATION, tube(values), channel=detector)


def test_simulated_spillover_is_found():
    rows = {
        "BL1-A": [1, 0.02, 0, 0.01, 0.21],
        "VL1-A": [0.05, 1, 0, 0, 0],
        "YL2-A": [0.03, 0, 0, 0.1, 1],
    }
    stains = [stain(d, np.array(r), seed=k) for k, (d, r) in enumerate(rows.items())]
    detectors = ("BL1-A", "VL1-A", "RL1-A", "RL2-A", "YL2-A")
    found = spillover_from_stains(stains, detectors=detectors)
    for detector, row in rows.items():
        k = detectors.index(detector)
        assert np.abs(found.spillover.matrix[k] - row).max() < 0.01
        assert np.all(found.error[k] < 0.02)


DETECTORS = ("BL1-A", "VL1-A", "RL1-A", "RL2-A", "YL2-A")


def true_rows(rng):
    """Draw spillover rows as cytometers have them: a third of it none, the rest around 3 %."""
    rows = np.clip(rng.lognormal(-3.5, 1.0, (5, 5)), 0.0, 0.6) * (rng.random((5, 5)) > 0.3)
    return np.where(np.eye(5) > 0, 1.0, rows)


def stain_of_another_kind(k, row, rng, *, offset, n=4_000):
    """A stain whose positives are cells of another kind: an autofluorescence of their own.

    ``offset`` is the relative standard deviation, from detector to detector, of theirs to the
    negatives'. Light is counted (noise grows with its root), and 5 % of the cells are dead.
    """
    values = np.array(culture(n, debris=0.1, seed=int(rng.integers(1 << 30)))[0].events.values)
    positive = rng.random(n) < 0.33
    own = rng.lognormal(np.log(150), 0.3, (n, 1)) * rng.uniform(0.5, 1.5, 5)
    own = np.where(positive[:, None], own * (1.0 + offset * rng.normal(0, 1, 5)), own)
    dead = rng.random((n, 1)) < 0.05
    own = own + dead * rng.lognormal(7.0, 0.7, (n, 1)) * rng.uniform(0.5, 1.5, 5)
    dye = np.where(positive, rng.lognormal(rng.uniform(8.5, 10.5), 0.35, n), 0.0)
    light = own + dye[:, None] * row
    noise = rng.normal(0, 1, (n, 5)) * np.sqrt(np.clip(light, 0, None) * 8 + 40.0**2)
    values[:, 4:] = light + noise
    return Control(Role.COMPENSATION, tube(values), channel=DETECTORS[k])


def test_the_stated_spread_covers_the_truth():
    misses, inside = [], []
    for seed in range(36):
        rng = np.random.default_rng(seed)
        rows, offset = true_rows(rng), (0.0, 0.1, 0.3)[seed % 3]
        stains = [stain_of_another_kind(k, r, rng, offset=offset) for k, r in enumerate(rows)]
        found = spillover_from_stains(stains, detectors=DETECTORS)
        others = (np.eye(5) == 0) & np.isfinite(found.error)
        away = np.abs(found.spillover.matrix - rows)[others]
        inside.extend(away < 1.96 * found.error[others])
        misses.extend(away)
    assert len(inside) > 600
    assert 0.92 <= np.mean(inside) <= 0.98  # of intervals of 95 %
    assert np.median(misses) < 0.003  # what is covered is small


def test_no_single_stain_is_refused():
    with pytest.raises(GatingError, match="no compensation tube, expected one single stain"):
        spillover_from_stains([])


def test_a_stain_of_a_channel_that_is_not_there_is_named():
    control = Control(Role.COMPENSATION, culture(100)[0], channel="BL9-A")
    with pytest.raises(GatingError, match="single stain of 'BL9-A', no such channel"):
        spillover_from_stains([control])


@pytest.mark.shared
def test_real_single_stains_agree_with_the_authors_matrix(shared):
    folder = shared / "data/fcs/cytoexplorer"
    with (folder / "Compensation-Spillover-Matrix.csv").open() as file:
        header, *body = csv.reader(file)
    reference = {r[0]: np.array([float(v) for v in r[1:]]) for r in body}
    dyes = {
        "FITC": "Alexa Fluor 488-A", "PE": "PE-A", "APC": "Alexa Fluor 647-A",
        "AF700": "Alexa Fluor 700-A",
    }  # fmt: skip
    controls = [
        Control(Role.COMPENSATION, read_tube(folder / f"Compensation-{k}.fcs"), channel=v)
        for k, v in dyes.items()
    ]
    controls.append(Control(Role.UNSTAINED, read_tube(folder / "Compensation-Unstained.fcs")))
    found = spillover_from_stains(controls, detectors=header[1:])
    for detector in dyes.values():
        k = found.spillover.detectors.index(detector)
        away = np.abs(found.spillover.matrix[k] - reference[detector])
        assert away.max() < 0.02, detector
        others = np.arange(len(away)) != k
        assert np.all(away[others] < 3.0 * found.error[k][others]), detector
