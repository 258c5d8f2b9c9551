"""Simulated qPCR plates: CAR and ALB in one well, read by their Poisson numbers of templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

import numpy as np

from labproc.model import Task, Well
from labproc.simulate.cultures import GENOMES_PER_UG

TARGETS = ("CAR", "ALB")
DYES = {"CAR": "FAM", "ALB": "VIC"}
LEVELS = tuple(10.0**n for n in range(1, 7))  # copies per well of each standard
REPLICATES = 3
LAST_CYCLE = 40.0
CQ_SD = 0.11  # cycles, between wells that hold the same number of templates
DNA_NG = 200.0
ALB_PER_GENOME = 2.0
UNTRANSDUCED, POSITIVE = "untransduced gDNA", "positive control"


@dataclass(frozen=True, slots=True)
class DnaSample:
    """DNA of one sample as it was put on a plate; ``dna_ng`` per well."""

    name: str
    copies_per_ug: float
    dna_ng: float = DNA_NG


@dataclass(frozen=True, slots=True)
class Chemistry:
    """The true standard curve of one target on one plate."""

    slope: float
    intercept: float

    @classmethod
    def draw(cls, target: str, rng: np.random.Generator) -> "Chemistry":
        """Draw a curve of 93 to 101 % efficiency."""
        start = 38.4 if target == "CAR" else 37.6
        return cls(float(rng.uniform(-3.48, -3.32)), float(rng.normal(start, 0.2)))

    def cq(self, templates: int, rng: np.random.Generator) -> float | None:
        """Return the Cq of a well with this many templates; None without, or after cycle 40."""
        if templates == 0:
            return None
        cq = self.intercept + self.slope * log10(templates) + rng.normal(0.0, CQ_SD)
        return None if cq >= LAST_CYCLE else round(float(cq), 6)


def simulate_plate(samples: Sequence[DnaSample], rng: np.random.Generator) -> tuple[Well, ...]:
    """Return the wells of one 96-well plate: standards, unknowns, and the controls.

    The controls are three wells without template, three of untransduced genomic DNA and three of
    a positive control with 500 copies.
    """
    curves = {target: Chemistry.draw(target, rng) for target in TARGETS}
    wells: list[Well] = []
    for level in LEVELS:
        _standard(wells, level, curves, rng)
    for sample in samples:
        _unknown(wells, sample, curves, rng)
    _triplicate(wells, UNTRANSDUCED, Task.UNKNOWN, (0.0, _albumin(DNA_NG)), curves, rng)
    _triplicate(wells, POSITIVE, Task.POSITIVE, (500.0, _albumin(DNA_NG)), curves, rng)
    _triplicate(wells, "NTC", Task.NTC, (0.0, 0.0), curves, rng)
    return tuple(wells)


def _albumin(dna_ng: float) -> float:
    return dna_ng / 1000.0 * GENOMES_PER_UG * ALB_PER_GENOME


def _standard(
    wells: list[Well], level: float, curves: dict[str, Chemistry], rng: np.random.Generator
) -> None:
    """Add one level; what the dilution really holds differs by about 0.5 % from its label."""
    held = level * float(np.exp(rng.normal(0.0, 0.005)))
    name = f"Std 1E{round(log10(level))}"
    _triplicate(wells, name, Task.STANDARD, (held, held), curves, rng, quantity=level)


def _unknown(
    wells: list[Well], sample: DnaSample, curves: dict[str, Chemistry], rng: np.random.Generator
) -> None:
    """Add one sample; what was put in differs by about 1 % from its label."""
    dna_ng = sample.dna_ng * float(np.exp(rng.normal(0.0, 0.01)))
    copies = (sample.copies_per_ug * dna_ng / 1000.0, _albumin(dna_ng))
    _triplicate(wells, sample.name, Task.UNKNOWN, copies, curves, rng)


def _triplicate(
    wells: list[Well],
    sample: str,
    task: Task,
    copies: tuple[float, float],
    curves: dict[str, Chemistry],
    rng: np.random.Generator,
    *,
    quantity: float | None = None,
) -> None:
    first = len(wells) // len(TARGETS)
    for number in range(first, first + REPLICATES):
        for target, expected in zip(TARGETS, copies, strict=True):
            cq = curves[target].cq(int(rng.poisson(expected)), rng)
            place = position(number)
            wells.append(Well(place, sample, target, task, cq, quantity, dye=DYES[target]))


def position(number: int) -> str:
    """Return the name of the n-th well of a 96-well plate, row by row, counted from 0."""
    return f"{'ABCDEFGH'[number // 12]}{number % 12 + 1}"
