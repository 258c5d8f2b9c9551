"""Doses against a protocol in words: looking back, not advice."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labproc.cohort.dosing import DoseFinding, Protocol

NOTE = "Retrospective check of doses against the protocol's rules; not advice."


def dosing_row(one: "DoseFinding") -> dict[str, Any]:
    """Return a finding as a JSON object of the kind the other lines are."""
    return {
        "table": "dosing",
        "variable": one.patient,
        "test": "protocol",
        "statistic": None,
        "p_value": None,
        "n": [1],
        "day": one.day,
        "foreseen_mg": one.foreseen_mg,
        "given_mg": one.given_mg,
        "agrees": one.agrees,
        "reason": one.reason,
        "note": NOTE,
    }


def dosing_text(found: "Sequence[DoseFinding]", protocol: "Protocol") -> Iterator[str]:
    """Yield the check for people: the rules, the days that differ or are unknown, how many."""
    yield ""
    yield NOTE
    yield (
        f"  rules: none below ANC {protocol.hold_anc:g} or platelets {protocol.hold_platelets:g}; "
        f"{protocol.reduced_mg:g} mg below ANC {protocol.reduce_anc:g} or platelets "
        f"{protocol.reduce_platelets:g} (10^9/L); else {protocol.full_mg:g} mg; days 1-"
        f"{protocol.days_on} of {protocol.cycle_days}"
    )
    for one in found:
        if not one.agrees:
            verdict = "differs" if one.agrees is False else "cannot be judged"
            yield (
                f"  {one.patient}, day {one.day}: given {_mg(one.given_mg)}, foreseen "
                f"{_mg(one.foreseen_mg)} ({one.reason}): {verdict}"
            )
    agree, differ = (sum(one.agrees is x for one in found) for x in (True, False))
    unknown = len(found) - agree - differ
    yield f"  {agree} of {len(found)} days agree, {differ} differ, {unknown} cannot be judged"


def _mg(dose: float | None) -> str:
    return "not known" if dose is None else f"{dose:g} mg"
