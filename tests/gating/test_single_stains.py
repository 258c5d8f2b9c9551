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
        assert np.abs(found.spillover.matrix[k] - reference[detector]).max() < 0.02, detector
