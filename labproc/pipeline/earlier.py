"""A study as it stood before, from what its store still holds; and beside what it is now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labproc import store as stores
from labproc.model import Comparison, Measurement
from labproc.pipeline.asked import earlier
from labproc.pipeline.assemble import assemble
from labproc.pipeline.gather import known_files
from labproc.pipeline.jobs import result_key
from labproc.pipeline.planner import Earlier, Planned, plan
from labproc.pipeline.results import FileStatus, Results
from labproc.pipeline.runner import load_results
from labproc.store import GateVersion, Store, results_with
from labproc.store.omissions import latest_words
from labproc.study import Study, load_study

FIRST = ""
"""The moment before anybody changed anything."""
MOST = 40  # moments to go back to
DATABASE = Path("results") / "labproc.sqlite"
Name = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time to go back to: just before a person's change."""

    at: str
    words: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One number then and now; None where it was not there."""

    then: Measurement | None
    now: Measurement | None

    @property
    def either(self) -> Measurement:
        """The one that is there, now before then."""
        found = self.now or self.then
        assert found is not None
        return found

    @property
    def change(self) -> float | None:
        """The relative change, None where one of both has no value or was 0."""
        if self.then is None or self.now is None or not self.then.value or self.now.value is None:
            return None
        return self.now.value / self.then.value - 1


def moments(folder: Path) -> list[Moment]:
    """Return the times before each change of a gate, a well or a verdict, the newest first."""
    with Store.open(load_study(folder).store_url) as store:
        gates = [(g.saved_at, f"gate {g.population} moved by {g.who}") for g in
                 stores.gate_history(store)]  # fmt: skip
        words = [(d.decided_at, f"{d.verdict} by {d.who}") for d in stores.decision_history(store)]
    changes = sorted({*gates, *words}, reverse=True)[:MOST]
    return [Moment(at, f"before {at[:16].replace('T', ' ')}: {said}") for at, said in changes]


def results_as_of(folder: Path, at: str) -> Results:
    """Return a study's results as they stood just before a time, with the settings of now.

    Nothing is computed: a result that the store does not hold (a setting has changed since) is
    left out, and the file's state says so.
    """
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        planned = plan(study, known_files(study, store), _earlier(study, store, at))
        held = results_with(store, (result_key(job) for job in planned.jobs))
        decided = {
            d.sha256: d
            for d in stores.decision_history(store)
            if d.decided_at < at and not stores.speaks_of_a_well(d.verdict)
        }
        statuses = _statuses(planned, {r.key.sha256 for r in held if r.status == "done"})
        return assemble(study, store, statuses, results=held, decisions=decided)


def _earlier(study: Study, store: Store, at: str) -> Earlier:
    """Return what reviewers had said before a time; measured DNA as it is known now."""
    last: dict[tuple[str, str], GateVersion] = {}
    for gate in stores.gate_history(store):
        if gate.saved_at < at:
            last[gate.sha256, gate.population] = gate
    moved: dict[str, dict[str, tuple[int, stores.Points]]] = {}
    for (sha256, population), gate in last.items():
        if gate.points is not None:
            moved.setdefault(sha256, {})[population] = (gate.version, gate.points)
    said: dict[str, list[tuple[str, ...]]] = {}
    for one in stores.decision_history(store):
        if one.decided_at < at:
            words = (one.verdict, one.who, one.reason, one.decided_at)
            said.setdefault(one.sha256, []).append(words)
    wells = {sha: latest_words(words) for sha, words in said.items()}
    omitted = {sha: {w: o for w, o in its.items() if o.omitted} for sha, its in wells.items()}
    return replace(earlier(study, store), gates=moved, omitted=omitted)


def _statuses(planned: Planned, done: set[str]) -> tuple[FileStatus, ...]:
    reason = "not computed with the settings of now"
    return tuple(
        s
        if s.state != "waiting"
        else replace(s, state="done")
        if s.sha256 in done
        else replace(s, reason=reason)
        for s in planned.statuses
    )


def siblings(folder: Path) -> dict[str, Path]:
    """Return the studies beside this one that have results, by their folder's name."""
    around = folder.resolve().parent
    found = (p for p in sorted(around.iterdir()) if (p / DATABASE).is_file())
    return {p.name: p for p in found if p != folder.resolve() and (p / "study.toml").is_file()}


def results_of_sibling(folder: Path, name: str) -> Results:
    """Return the results of a study beside this one, by its name."""
    return load_results(siblings(folder)[name])


def differences(then: Sequence[Measurement], now: Sequence[Measurement]) -> list[Difference]:
    """Return every number that differs, those that changed most first."""
    old, new = _named(then), _named(now)
    both = dict.fromkeys((*new, *old))
    found = [Difference(old.get(name), new.get(name)) for name in both]
    changed = [d for d in found if _value(d.then) != _value(d.now)]
    return sorted(changed, key=lambda d: -abs(d.change) if d.change is not None else -1e9)


def matched(then: Sequence[Measurement], now: Sequence[Measurement]) -> list[Difference]:
    """Return every number that is there both then and now, changed or not."""
    old, new = _named(then), _named(now)
    return [Difference(old[name], one) for name, one in new.items() if name in old]


def _named(measured: Sequence[Measurement]) -> dict[Name, Measurement]:
    return {(m.key.without_tube().label, m.key.panel, m.metric, m.parent): m for m in measured}


def _value(one: Measurement | None) -> float | None:
    return None if one is None else one.value


def conclusions(
    then: Sequence[Comparison], now: Sequence[Comparison]
) -> list[tuple[Comparison | None, Comparison]]:
    """Return the comparisons of now, each with what it was, the planned ones first."""
    old: Mapping[Name, Comparison] = {_about(c): c for c in then}
    whole = [c for c in now if c.day is None]
    return [(old.get(_about(c)), c) for c in sorted(whole, key=lambda c: not c.planned)]


def _about(one: Comparison) -> Name:
    return (one.outcome, one.contrast, one.test, one.day)
