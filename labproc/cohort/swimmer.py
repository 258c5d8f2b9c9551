"""One lane per patient: how long followed, what response, what happened when."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labproc.cohort.patients import Cohort
from labproc.cohort.roles import Endpoint
from labproc.errors import StudyError
from labproc.model import PatientEvent


@dataclass(frozen=True, slots=True)
class Lane:
    """One patient of a swimmer figure; times are days from time zero.

    ``goes_on`` asks for an arrow at the end: alive without the endpoint's event when last seen.
    """

    patient: str
    arm: str
    days: float
    response: str = ""
    state_at_end: str = ""
    goes_on: bool = False
    treatment_from: float | None = None
    marks: tuple[PatientEvent, ...] = ()


def swimmer(
    cohort: Cohort, *, endpoint: str = "", events: Sequence[PatientEvent] = ()
) -> list[Lane]:
    """Return a lane for every patient who was followed, arm by arm, the longest first.

    Parameters
    ----------
    cohort : Cohort
    endpoint : str
        Whose time is the length of the lanes; the first endpoint by default.
    events : sequence of PatientEvent
        Marks on the lanes; those after the end of a lane are kept.

    Raises
    ------
    StudyError
        If the table has no such endpoint, or an event is of a patient who is not in it.
    """
    chosen = _endpoint(cohort, endpoint)
    names = [cohort.who(p) for p in cohort.patients]
    unknown = sorted({e.patient for e in events} - set(names))
    if unknown:
        raise StudyError(
            f"events: patient {unknown[0]!r} is not in {cohort.name} (has: {', '.join(names)})"
        )
    lanes = _lanes(cohort, chosen, names, events)
    return sorted(lanes, key=lambda lane: (cohort.arms.index(lane.arm), -lane.days))


def _endpoint(cohort: Cohort, name: str) -> Endpoint:
    known = {e.name: e for e in cohort.roles.survival}
    if not known:
        raise StudyError(f"{cohort.name}: no time and event columns, expected them for a swimmer")
    if name and name not in known:
        raise StudyError(f"{cohort.name}: no endpoint {name!r} (has: {', '.join(known)})")
    return known[name] if name else cohort.roles.survival[0]


def _lanes(
    cohort: Cohort, endpoint: Endpoint, names: Sequence[str], events: Sequence[PatientEvent]
) -> list[Lane]:
    time, event, known = cohort.survival(endpoint)
    roles, members = cohort.roles, cohort.members()
    response = cohort.text(roles.response) if roles.response else [None] * len(names)
    state = cohort.text(roles.ongoing) if roles.ongoing else [None] * len(names)
    began = cohort.numbers(roles.start_day) if roles.start_day else np.full(len(names), np.nan)
    return [
        Lane(
            name,
            members[i],
            float(time[i] * endpoint.days),
            response[i] or "",
            state[i] or "",
            bool(event[i] == 0),
            float(began[i]) if np.isfinite(began[i]) else None,
            tuple(sorted((e for e in events if e.patient == name), key=lambda e: e.day)),
        )
        for i, name in enumerate(names)
        if known[i]
    ]
