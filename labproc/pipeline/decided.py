"""What people's words do to results: verdicts shown, rejected files kept but compared no more."""

from collections.abc import Mapping
from dataclasses import replace

from labproc.model import Flag, Measurement
from labproc.model.flag import fail, unique
from labproc.pipeline.outcomes import Outcomes
from labproc.pipeline.results import PlateView, TubeView
from labproc.store import Decision

REJECTED = "rejected"
VERDICTS = frozenset({"approved", REJECTED})


def with_decisions(outcomes: Outcomes, decisions: Mapping[str, Decision]) -> Outcomes:
    """Return the outcomes with every verdict in its place.

    What was measured in a rejected file stays in every table with a flag of severity ``fail``:
    nothing is dropped silently, and no trend or comparison rests on it.
    """
    return Outcomes(
        tuple(_tube(t, decisions) for t in outcomes.tubes),
        tuple(_plate(p, decisions) for p in outcomes.plates),
        tuple(_measured(m, decisions) for m in outcomes.measured),
        outcomes.flags,
    )


def _tube(tube: TubeView, decisions: Mapping[str, Decision]) -> TubeView:
    said = decisions.get(tube.source.sha256)
    if said is None:
        return tube
    flags = unique((*tube.flags, *_flags(said)))
    return replace(tube, review=_shown(said), flags=flags)


def _plate(plate: PlateView, decisions: Mapping[str, Decision]) -> PlateView:
    said = decisions.get(plate.source.sha256)
    if said is None:
        return plate
    return replace(plate, review=_shown(said), flags=unique((*plate.flags, *_flags(said))))


def _measured(one: Measurement, decisions: Mapping[str, Decision]) -> Measurement:
    said = decisions.get(one.source.sha256) if one.source else None
    flags = _flags(said) if said else ()
    return replace(one, flags=unique((*one.flags, *flags))) if flags else one


def _shown(said: Decision) -> str:
    """Return the verdict that stands; a reopened file has none."""
    return said.verdict if said.verdict in VERDICTS else ""


def _flags(said: Decision) -> tuple[Flag, ...]:
    if said.verdict != REJECTED:
        return ()
    return (fail("rejected_by_reviewer", f"rejected by {said.who}: {said.reason}"),)
