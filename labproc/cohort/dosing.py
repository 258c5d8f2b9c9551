"""Retrospective check of lenalidomide doses against a protocol; not advice."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Protocol:
    """When lenalidomide is held or reduced; counts are 10^9 per litre.

    Held below ``hold_anc`` or ``hold_platelets``; ``reduced_mg`` below ``reduce_anc`` or
    ``reduce_platelets``; else ``full_mg``; on the first ``days_on`` days of ``cycle_days``.
    """

    hold_anc: float = 0.5
    hold_platelets: float = 25.0
    reduce_anc: float = 2.0
    reduce_platelets: float = 50.0
    reduced_mg: float = 10.0
    full_mg: float = 25.0
    days_on: int = 21
    cycle_days: int = 28


@dataclass(frozen=True, slots=True)
class BloodCount:
    """One patient's day of treatment: neutrophils and platelets (10^9/L), dose given in mg.

    ``cycle_day`` counts from 1; None where it is not known. Missing values are None.
    """

    patient: str
    day: int
    anc: float | None
    platelets: float | None
    dose_mg: float | None
    cycle_day: int | None = None


@dataclass(frozen=True, slots=True)
class DoseFinding:
    """What the protocol foresaw for a day, what was given, and ``agrees``, None if unknown."""

    patient: str
    day: int
    foreseen_mg: float | None
    given_mg: float | None
    agrees: bool | None
    reason: str


def foreseen(count: BloodCount, protocol: Protocol) -> tuple[float | None, str]:
    """Return the dose the protocol foresees, and why; None where a count is missing.

    >>> foreseen(BloodCount("P1", 15, anc=1.4, platelets=80, dose_mg=25), Protocol())
    (10.0, 'ANC 1.4 below 2')
    """
    if count.cycle_day is not None and count.cycle_day < 1:
        return 0.0, "not on treatment yet"
    if count.cycle_day is not None:
        in_cycle = (count.cycle_day - 1) % protocol.cycle_days + 1
        if in_cycle > protocol.days_on:
            return 0.0, f"day {in_cycle} of the cycle, off treatment"
    pairs = (("ANC", count.anc), ("platelets", count.platelets))
    hold = (protocol.hold_anc, protocol.hold_platelets)
    reduce = (protocol.reduce_anc, protocol.reduce_platelets)
    for limits, dose in ((hold, 0.0), (reduce, protocol.reduced_mg)):
        for (name, value), limit in zip(pairs, limits, strict=True):
            if value is not None and value < limit:
                if dose and _unknown_hold(count):
                    return None, "a count is missing, so a hold cannot be ruled out"
                return dose, f"{name} {value:g} below {limit:g}"
    if _unknown_hold(count):
        return None, "a count is missing"
    return protocol.full_mg, "counts allow the full dose"


def _unknown_hold(count: BloodCount) -> bool:
    return count.anc is None or count.platelets is None


def check_dosing(
    counts: Iterable[BloodCount], protocol: Protocol | None = None
) -> list[DoseFinding]:
    """Compare the doses given with those the protocol foresaw, in the order of patient and day."""
    rules = protocol or Protocol()
    found = []
    for count in sorted(counts, key=lambda c: (c.patient, c.day)):
        dose, reason = foreseen(count, rules)
        known = dose is not None and count.dose_mg is not None
        agrees = abs((dose or 0.0) - (count.dose_mg or 0.0)) < 1e-9 if known else None
        found.append(DoseFinding(count.patient, count.day, dose, count.dose_mg, agrees, reason))
    return found
