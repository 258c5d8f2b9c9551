"""Copies of the cohort's arms at nominal visits, compared on the log scale."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labproc.cohort.result import CohortTest
from labproc.cohort.timeline import BELOW, VISIT_WINDOWS, visit_of
from labproc.errors import NotEnoughData
from labproc.model import Flag, Measurement, Role, Severity
from labproc.model.flag import info, warning

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Visit:
    """One patient's copies at one nominal visit; the nearest sample within its window.

    A sample below its limit stands at half of it: left out, its arm would look higher than it is.
    """

    visit: str
    patient: str
    arm: str
    day: int
    copies: float
    is_below: bool = False


def at_visits(measurements: Iterable[Measurement], *, metric: str = "copies_per_ug") -> list[Visit]:
    """Match samples to nominal visits; of several in a window the nearest to its day counts."""
    best: dict[tuple[str, str], Measurement] = {}
    for one in measurements:
        if not _counts(one, metric):
            continue
        visit = visit_of(one.key.day or 0)
        slot = (visit, one.key.donor)
        if visit and (slot not in best or _off(one, visit) < _off(best[slot], visit)):
            best[slot] = one
    return [
        Visit(visit, patient, m.key.arm, m.key.day or 0, *_copies(m))
        for (visit, patient), m in best.items()
    ]


def _copies(one: Measurement) -> tuple[float, bool]:
    """Return the copies, or half the limit they are below, and which of the two it is."""
    if _is_below(one):
        return (one.ci_high or 0.0) / 2.0, True
    return float(one.value or 0.0), False


def _is_below(one: Measurement) -> bool:
    return one.status in BELOW and (one.value is None or one.value <= 0)


def _counts(one: Measurement, metric: str) -> bool:
    positive = _copies(one)[0] > 0
    usable = one.key.role is Role.SAMPLE and one.severity is not Severity.FAIL
    return one.metric == metric and positive and usable and one.key.day is not None


def _off(one: Measurement, visit: str) -> int:
    return abs((one.key.day or 0) - VISIT_WINDOWS[visit][0])


def compare_visits(
    visits: Sequence[Visit], arms: tuple[str, str], *, patients: Mapping[str, str]
) -> list[CohortTest]:
    """Compare two arms' copies at every visit by Welch's t test of their logs.

    Parameters
    ----------
    visits : sequence of Visit
    arms : pair of str
        Control and treated.
    patients : mapping
        Every patient of the cohort to their arm, those without a sample included: a visit from
        which patients are missing, because they died or left, is flagged.
    """
    by_visit: dict[str, list[Visit]] = defaultdict(list)
    for one in visits:
        by_visit[one.visit].append(one)
    return [
        _compare(name, by_visit[name], arms, patients) for name in VISIT_WINDOWS if by_visit[name]
    ]


def _compare(
    name: str, there: Sequence[Visit], arms: tuple[str, str], patients: Mapping[str, str]
) -> CohortTest:
    variable = f"copies at {name}"
    found = compare_logs(variable, {v.patient: v.copies for v in there}, arms, patients)
    absent = sorted(set(patients) - {v.patient for v in there})
    gone = () if found.p_value is None else _survivors(variable, absent, len(patients))
    flags = (*gone, *_limits(variable, there), *found.flags)
    return replace(found, flags=flags)


def _limits(variable: str, there: Sequence[Visit]) -> tuple[Flag, ...]:
    below = sorted(v.patient for v in there if v.is_below)
    if not below:
        return ()
    message = f"{variable}: {', '.join(below)} below the limit, taken as half of it"
    return (warning("half_the_limit", message),)


def compare_logs(
    variable: str,
    values: Mapping[str, float],
    arms: tuple[str, str],
    patients: Mapping[str, str],
) -> CohortTest:
    """Compare two arms' positive values by Welch's t test of their logs.

    Parameters
    ----------
    variable : str
    values : mapping
        Patients to values; those without one are left out.
    arms : pair of str
        Control and treated.
    patients : mapping
        Every patient to their arm.
    """
    logs = [np.log([v for who, v in values.items() if patients.get(who) == arm]) for arm in arms]
    n = (logs[0].size, logs[1].size)
    empty = CohortTest("copies", variable, "welch_of_logs", arms, n, None)
    try:
        return _result(empty, *_welch(logs[0], logs[1]))
    except NotEnoughData as error:
        return replace(empty, flags=(info("nothing_to_compare", f"{variable}: {error}"),))


def _result(empty: CohortTest, estimate: float, se: float, dof: float) -> CohortTest:
    from scipy.special import stdtr, stdtrit

    half = float(stdtrit(dof, 0.975)) * se
    return replace(
        empty,
        p_value=float(2 * stdtr(dof, -abs(estimate) / se)),
        statistic=estimate / se,
        effect="geometric mean ratio",
        estimate=float(np.exp(estimate)),
        ci=(float(np.exp(estimate - half)), float(np.exp(estimate + half))),
    )


def _welch(control: Floats, treated: Floats) -> tuple[float, float, float]:
    """Return difference, standard error and degrees of freedom."""
    if min(control.size, treated.size) < 2:
        raise NotEnoughData(
            f"{control.size} and {treated.size} patients, expected at least 2 in each arm"
        )
    parts = np.array([a.var(ddof=1) / a.size for a in (control, treated)])
    if parts.sum() <= 0:
        raise NotEnoughData("the patients of each arm do not differ, so no P")
    sizes = np.array([control.size - 1, treated.size - 1])
    dof = float(parts.sum() ** 2 / (parts**2 / sizes).sum())
    return float(treated.mean() - control.mean()), float(np.sqrt(parts.sum())), dof


def _survivors(variable: str, absent: Sequence[str], n: int) -> tuple[Flag, ...]:
    if not absent:
        return ()
    message = (
        f"{variable}: {len(absent)} of {n} patients have no sample "
        f"({', '.join(absent[:6])}{', ...' if len(absent) > 6 else ''}); comparing those who are "
        "still there favours the arm whose worst patients are gone"
    )
    return (warning("only_survivors", message),)
