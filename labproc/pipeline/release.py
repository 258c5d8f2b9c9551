"""A study's results as its release table asks for them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from labproc.errors import StudyError
from labproc.model import (
    METRICS,
    Flag,
    GatedTube,
    Measurement,
    ReleaseRow,
    Role,
    Severity,
    Share,
    Specification,
)
from labproc.pipeline.groups import populations_of
from labproc.pipeline.patients import patients_of
from labproc.pipeline.results import TubeView
from labproc.registry import nearest
from labproc.release import Found, judge
from labproc.study import Study

if TYPE_CHECKING:
    from labproc.store import Decision


def check_release(study: Study) -> None:
    """Refuse a release table that asks for what no strategy of the study makes.

    Raises
    ------
    StudyError
        If a metric or a parent is neither a metric, a population nor a measure from elsewhere.
    """
    known = {o.measure for o in study.outside} | set(METRICS)
    # a word is expected of what no instrument here measures; until it is written down it is missing
    known |= {s.metric for s in study.release if s.expected}
    asked = [s for s in study.release if s.metric not in known or _is_fraction(s)]
    made = {panel: populations_of(study, panel) for panel in study.settings.panels} if asked else {}
    for one in asked:
        if one.metric in known and not _is_fraction(one):
            continue
        panels = [one.panel] if one.panel else list(made)
        _check_population(one, [made[p] for p in panels])


def _is_fraction(one: Specification) -> bool:
    return METRICS.get(one.metric) == "fraction"


def _check_population(one: Specification, panels: Sequence[Mapping[str, str]]) -> None:
    holding = [parents for parents in panels if one.metric in parents]
    if not holding:
        names = sorted({name for parents in panels for name in parents} | set(METRICS))
        hint = nearest(one.metric, names)
        raise StudyError(f"{one.where}: no metric or population is called {one.metric!r}; {hint}")
    above = {name for parents in holding for name in _above(one.metric, parents)}
    if one.parent and one.parent not in above:
        raise StudyError(
            f"{one.where}: {one.metric} does not lie within {one.parent!r}, "
            f"expected one of {', '.join(sorted(above))}"
        )


def _above(population: str, parents: Mapping[str, str]) -> list[str]:
    """Return every population above one, the nearest first."""
    found = []
    while population in parents:
        population = parents[population]
        found.append(population)
    return found


def release_rows(
    study: Study,
    measurements: Sequence[Measurement],
    tubes: Iterable[TubeView],
    decisions: "Mapping[str, Decision]",
) -> tuple[ReleaseRow, ...]:
    """Hold a study's samples against its release table."""
    if not study.release:
        return ()
    said = {sha256: d.verdict for sha256, d in decisions.items()}
    found = Found(
        measurements=measurements,
        tubes=[_gated(t) for t in tubes if t.key.role is Role.SAMPLE],
        outside=study.outside,
        weights_kg=study.weights_kg,
        approved=frozenset(s for s, v in said.items() if v == "approved"),
        rejected=frozenset(s for s, v in said.items() if v == "rejected"),
        patients=patients_of(study),
    )
    return tuple(judge(study.release, found))


def _gated(tube: TubeView) -> GatedTube:
    """Return what of a tube a release table asks for."""
    shares = {
        g.population: Share(
            g.parent,
            g.n_events,
            g.fraction if g.estimate is None else g.estimate,
            g.ci_low,
            g.ci_high,
        )
        for g in tube.every_gate
    }
    of_gates = {f for g in tube.every_gate for f in g.flags}
    doubts = {g.population: _first(g.flags) for g in tube.every_gate}
    doubts[""] = _first(f for f in tube.flags if f not in of_gates)
    asked = {name: words for name, words in doubts.items() if words}
    key = replace(tube.key, well="")
    return GatedTube(key, tube.source, shares, tube.version, asked)


def _first(flags: Iterable[Flag]) -> str:
    """Return the first flag that asks someone to look, in words."""
    return next((f.message for f in flags if f.severity.rank >= Severity.REVIEW.rank), "")
