"""Hold every sample of a study against every line of its release table."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from labproc.model import (
    METRICS,
    GatedTube,
    Measurement,
    OutsideValue,
    ReleaseRow,
    SampleKey,
    Severity,
    Specification,
    Verdict,
)
from labproc.model.release import EVERY, LAST, UNITS
from labproc.release.fractions import chain, fraction
from labproc.release.verdict import verdict

Culture = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """All that was measured of a study's samples, and what reviewers said of its files.

    ``approved`` and ``rejected`` are SHA-256 of files; ``patients`` are people whose blood was
    measured: they are judged where a specification names them.
    """

    measurements: Sequence[Measurement] = ()
    tubes: Sequence[GatedTube] = ()
    outside: Sequence[OutsideValue] = ()
    weights_kg: Mapping[str, float] = field(default_factory=dict)
    approved: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()
    patients: frozenset[str] = frozenset()

    def days(self) -> dict[Culture, list[int]]:
        """Return every culture with the days on which anything was measured of it."""
        keys = [m.key for m in self.measurements if m.key.role.value == "sample"]
        keys += [t.key for t in self.tubes] + [o.key for o in self.outside]
        found: dict[Culture, set[int]] = {}
        for key in keys:
            days = found.setdefault(key.culture, set())
            if key.day is not None:
                days.add(key.day)
        return {culture: sorted(found[culture]) for culture in sorted(found)}


def judge(specifications: Sequence[Specification], found: Found) -> list[ReleaseRow]:
    """Return a row for every specification and every sample it speaks of.

    A sample passes where the whole interval lies within the limits and fails where the whole
    interval lies outside; where the interval crosses a limit, nothing was measured, or someone has
    to look at the number first, the verdict is ``cannot say`` with the reason.
    """
    days = found.days()
    rows: list[ReleaseRow] = []
    for culture, measured in days.items():
        for one in specifications:
            if _concerns(one, culture, found.patients):
                for day in _days(one, measured):
                    key = SampleKey(*culture[:3], day, culture[3], one.panel)
                    rows += _judged(one, key, measured, found)
    return rows


def _concerns(one: Specification, culture: Culture, patients: Collection[str]) -> bool:
    donor, _, arm, _ = culture
    named = one.donor == donor
    return (named or not one.donor) and one.arm in ("", arm) and (named or donor not in patients)


def _days(one: Specification, measured: Sequence[int]) -> Sequence[int | None]:
    if one.day == EVERY:
        return measured
    if one.day == LAST:
        return measured[-1:] or (None,)
    return (int(one.day),)


def _judged(
    one: Specification, key: SampleKey, days: Sequence[int], found: Found
) -> Iterable[ReleaseRow]:
    """Return one row for each tube or number that answers, or one that says there is none."""
    rows = [*_candidates(one, key, found)]
    if not rows:
        at = ", ".join(map(str, days)) or "no day"
        reason = f"not measured on day {key.day} (the culture was measured on {at})"
        if key.day is None:
            reason = "not measured"
        return [ReleaseRow(one, key, Verdict.CANNOT_SAY, reason)]
    return rows


def _candidates(one: Specification, key: SampleKey, found: Found) -> Iterable[ReleaseRow]:
    if any(o.measure == one.metric for o in found.outside):
        here = [o for o in found.outside if o.measure == one.metric and _same(o.key, key)]
        return [_of_outside(one, o) for o in here]
    if METRICS.get(one.metric, "fraction") == "fraction":
        tubes = [t for t in found.tubes if _same(t.key, key)]
        return [r for t in tubes if (r := _of_tube(one, t, found)) is not None]
    return [
        _of_measurement(one, m, found)
        for m in found.measurements
        if m.metric == _metric(one) and _same(m.key, key)
    ]


def _metric(one: Specification) -> str:
    """Return the ratio of CAR-T cells where that is the parent asked for."""
    if one.metric == "cd4_cd8_ratio" and one.parent == "CAR+":
        return "cart_cd4_cd8_ratio"
    return one.metric


def _same(found: SampleKey, key: SampleKey) -> bool:
    panel = not key.panel or found.panel in ("", key.panel)
    return found.culture == key.culture and found.day == key.day and panel


def _of_tube(one: Specification, tube: GatedTube, found: Found) -> ReleaseRow | None:
    """Judge a population of one tube; None where the tube's panel does not have it."""
    steps = chain(tube, one.metric, one.parent)
    if not steps:
        return None
    value, low, high = (_scaled(v, one, "fraction") for v in fraction(steps))
    doubt = _look(tube.source.sha256, found, _doubt(tube, one.metric, steps[-1].parent))
    return ReleaseRow(
        one, tube.key, *verdict(one, value, (low, high), doubt=doubt),
        value=value, ci_low=low, ci_high=high, n=steps[0].n_events, parent=steps[-1].parent,
        origin=tube.source.path, source=tube.source, version=tube.version,
    )  # fmt: skip


def _doubt(tube: GatedTube, population: str, parent: str) -> str:
    """Return what asks for a look at a population's gates, down from the parent, or the tube."""
    names = [""]
    while population in tube.shares and population != parent:
        names.append(population)
        population = tube.shares[population].parent
    return next((tube.doubts[n] for n in names if n in tube.doubts), "")


def _of_measurement(one: Specification, m: Measurement, found: Found) -> ReleaseRow:
    own = METRICS[m.metric]
    weight = found.weights_kg.get(m.key.donor) if one.unit.endswith("/kg") else 1.0
    value, low, high = (_scaled(v, one, own, weight) for v in (m.value, m.ci_low, m.ci_high))
    grave = [f for f in m.flags if f.severity is Severity.FAIL]
    asked = [f for f in m.flags if f.severity is Severity.REVIEW]
    doubt = grave[0].message if grave else ""
    if not doubt:
        shas = [m.source.sha256 if m.source else "", str(m.parameters.get("count_sha256", ""))]
        said = asked[0].message if asked else ""
        doubt = next((d for s in shas if s and (d := _look(s, found, said))), "")
    if m.status == "invalid":
        doubt = doubt or "the number is not valid"
    if weight is None:
        doubt = f"no weight_kg of {m.key.donor} in the patient table"
    if one.parent and m.parent and one.parent != m.parent and m.metric.endswith("ratio"):
        doubt = f"measured of {m.parent}, asked of {one.parent}"
    return ReleaseRow(
        one, m.key, *verdict(one, value, (low, high), doubt=doubt, status=m.status),
        value=value, ci_low=low, ci_high=high, n=m.n, parent=m.parent,
        origin=m.source.path if m.source else "", source=m.source, version=m.version,
    )  # fmt: skip


def _of_outside(one: Specification, told: OutsideValue) -> ReleaseRow:
    made = verdict(one, told.value, (told.ci_low, told.ci_high))
    return ReleaseRow(
        one, told.key, *made, value=told.value, ci_low=told.ci_low, ci_high=told.ci_high,
        origin=told.source,
    )  # fmt: skip


def _look(sha256: str, found: Found, said: str) -> str:
    """Return why a file's number cannot be used yet: rejected, or waiting for a look."""
    if sha256 in found.rejected:
        return "a reviewer rejected the sample"
    if said and sha256 not in found.approved:
        return f"someone has to look first: {said}"
    return ""


def _scaled(
    value: float | None, one: Specification, own: str, weight: float | None = 1.0
) -> float | None:
    """Return a number in the specification's unit."""
    factor = UNITS.get(own, {}).get(one.unit, 1.0)
    return None if value is None or weight is None else value * factor / weight


def overall(rows: Iterable[ReleaseRow]) -> dict[SampleKey, Verdict]:
    """Return the verdict of every culture: fail where any line fails, pass where all pass."""
    found: dict[SampleKey, list[Verdict]] = {}
    for row in rows:
        key = replace(row.key.without_tube(), day=None)
        found.setdefault(key, []).append(row.verdict)
    return {
        key: Verdict.FAIL
        if Verdict.FAIL in verdicts
        else Verdict.PASS
        if set(verdicts) == {Verdict.PASS}
        else Verdict.CANNOT_SAY
        for key, verdicts in found.items()
    }
