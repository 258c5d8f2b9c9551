"""Plate patterns put in by hand."""

import numpy as np
import pytest

from labproc.model import Well
from labproc.qpcr.positions import plate_effects, position_flags, well_place


def plate(rim=0.0, rows=0.0, seed=1):
    """Return 96 wells of 24 samples in scattered quadruplicates."""
    rng = np.random.default_rng(seed)
    owner = rng.permutation(np.arange(96) % 24)
    wells = []
    for i in range(96):
        row, column = divmod(i, 12)
        edge = row in (0, 7) or column in (0, 11)
        cq = 25 + 0.2 * owner[i] + rim * edge + rows * row / 7 + rng.normal(0, 0.08)
        wells.append(Well(f"{'ABCDEFGH'[row]}{column + 1}", f"S{owner[i]}", "CAR", cq=float(cq)))
    return wells


def test_a_clean_plate_shows_no_pattern():
    assert not position_flags(plate())


def test_a_rim_effect_is_measured_and_flagged():
    effects = {e.pattern: e for e in plate_effects(plate(rim=0.3))}
    assert effects["rim"].cycles == pytest.approx(0.3, abs=0.06)
    assert [f.code for f in position_flags(plate(rim=0.3))] == ["plate_position"]


def test_a_gradient_over_rows_is_measured():
    effects = {e.pattern: e for e in plate_effects(plate(rows=-0.4))}
    assert effects["rows"].cycles == pytest.approx(-0.4, abs=0.1)
    assert effects["rows"].matters
    assert not effects["columns"].matters


def test_few_replicates_say_nothing():
    assert plate_effects(plate()[:12]) == []


def test_rows_beyond_z():
    assert well_place("AF48") == (31, 47)
