"""Coverage and bias of whole plates, the rule that chooses the method included.

Truth: n ~ Poisson(copies) molecules, Cq = intercept + slope log10(n) + N(0, SD), on designs that
labs use: 1 to 4 replicates, efficiency 85 to 105 %, 4 to 6 levels of standards in duplicate or
triplicate, from 10, 50, 100 or 1,000 copies on.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from labproc.model import CqTable, QpcrRun, SourceFile, Task, Well
from labproc.qpcr import QpcrRules, analyse_run

RULES = QpcrRules(standard_unit="copies_per_well")
INTERCEPT = 39.0
SAMPLES = 10  # of one plate; they share its curve


@dataclass(frozen=True)
class Design:
    """A plate as a lab lays it out."""

    replicates: int
    efficiency: float
    n_levels: int
    lowest: float
    standards: int
    sd: float

    @property
    def levels(self):
        return np.repeat(self.lowest * 10.0 ** np.arange(self.n_levels), self.standards)


USUAL = Design(3, 0.95, 6, 10, 3, 0.12)
DESIGNS = (
    USUAL,
    Design(1, 0.95, 5, 10, 3, 0.12),
    Design(2, 0.85, 4, 10, 3, 0.12),
    Design(4, 1.05, 6, 10, 2, 0.12),
    Design(3, 0.95, 5, 100, 3, 0.12),
    Design(3, 0.95, 4, 1000, 3, 0.12),
    Design(3, 0.95, 5, 50, 2, 0.15),
    Design(4, 0.95, 5, 10, 3, 0.08),
)
COPIES = (0.5, 1, 2, 5, 10, 25, 50, 90, 200, 1000, 10000)


def plate(rng, design, copies):
    """Return a plate of standards and samples that all hold ``copies``."""
    slope = -1 / np.log10(1 + design.efficiency)
    samples = np.repeat(np.arange(SAMPLES), design.replicates)
    truth = np.concatenate([design.levels, np.full(samples.size, copies)])
    n = rng.poisson(truth)
    cq = INTERCEPT + slope * np.log10(np.maximum(n, 1)) + rng.normal(0, design.sd, n.size)
    wells = []
    for i, (q, found) in enumerate(zip(truth, np.where(n > 0, cq, np.nan), strict=True)):
        is_standard = i < design.levels.size
        name = f"STD {q:g}" if is_standard else f"S{samples[i - design.levels.size]}"
        task = Task.STANDARD if is_standard else Task.UNKNOWN
        seen = float(found) if np.isfinite(found) else None
        wells.append(Well(f"{'ABCDEFGH'[i // 12]}{i % 12 + 1}", name, "CAR", task, seen, float(q)))
    return QpcrRun(SourceFile("p", "00" * 32, "test"), "test", CqTable(tuple(wells)))


def simulate(design, copies, n_plates, seed):
    """Return the share of intervals that cover the truth, the bias, and its standard error."""
    rng = np.random.default_rng(seed)
    covered, found = [], []
    for _ in range(n_plates):
        samples = analyse_run(plate(rng, design, copies), RULES, draws=0).samples
        covered.append([s.ci_low <= copies <= s.ci_high for s in samples])
        found.append([(s.copies or 0.0) / copies for s in samples])
    by_plate = np.mean(found, axis=1)
    return np.mean(covered), by_plate.mean() - 1, by_plate.std(ddof=1) / np.sqrt(n_plates)


@pytest.mark.parametrize("design", [USUAL, DESIGNS[2], DESIGNS[4]], ids=str)
@pytest.mark.parametrize("copies", [2, 50, 1000])
def test_whole_plates_cover_the_truth(design, copies):
    covered, bias, se = simulate(design, copies, 30, seed=7)
    # 300 intervals of 30 curves: standard error about 1.6 %
    assert 0.92 - 0.032 <= covered <= 0.985 + 0.015
    assert abs(bias) <= 0.03 + 2 * se


@pytest.mark.soak
@pytest.mark.parametrize("design", DESIGNS, ids=str)
@pytest.mark.parametrize("copies", COPIES)
def test_many_whole_plates_cover_the_truth(design, copies):
    covered, bias, se = simulate(design, copies, 400, seed=19)
    # one empty well covers everything up to 3 copies: its interval cannot be shorter
    most = 0.995 if design.replicates == 1 and copies < 3 else 0.985
    assert 0.92 <= covered <= most
    assert abs(bias) <= 0.03 + se
