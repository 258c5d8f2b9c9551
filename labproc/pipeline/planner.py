"""From a study and its files to jobs: who is whose control, what is left out and why."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from labproc.errors import CountError, StrategyError
from labproc.model import Role, SampleKey, SharedGate
from labproc.pipeline.compensation import CONTROLS, panel_spillover
from labproc.pipeline.groups import (
    Outlines,
    Place,
    grouped,
    is_exception,
    place,
    shared_gates,
)
from labproc.pipeline.jobs import ControlFile, FlowJob, Job, Points, TableJob
from labproc.pipeline.results import FileStatus
from labproc.pipeline.settings import count_rule, qpcr_rules
from labproc.qpcr.master_curve import SharedCurve
from labproc.store import Omission
from labproc.study import Assignment, Found, Study

# an isotype says nothing about protein L, and beads and single stains are read for themselves
LEANED_ON = frozenset({Role.UNTRANSDUCED, Role.FMO, Role.UNSTAINED, Role.COMPENSATION})
GATED = frozenset({Role.SAMPLE, Role.UNTRANSDUCED})


@dataclass(frozen=True, slots=True)
class RawFile:
    """One file of ``raw/`` whose content is staged: its name, hash and what its head says."""

    path: str
    sha256: str
    staged: str
    kind: str
    plate: str = ""
    well: str = ""
    tube: str = ""
    date: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """What reviewers and other files' results say.

    Gates that were moved with their versions, wells that were taken out, DNA concentrations that
    were measured (ng/µL by sample), the tubes' own outlines of gates that groups share, and curves
    of several plates (by the plate's hash and target).
    """

    gates: Mapping[str, Mapping[str, tuple[int, Points]]] = field(default_factory=dict)
    omitted: Mapping[str, Mapping[str, Omission]] = field(default_factory=dict)
    ng_per_ul: Mapping[str, float] = field(default_factory=dict)
    outlines: Outlines = field(default_factory=dict)
    curves: Mapping[str, Mapping[str, SharedCurve]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planned:
    """The jobs of a study, and what is known of every file before any job is run.

    ``gone`` names the files that are no longer in ``raw/``; their results stand.
    """

    jobs: tuple[Job, ...]
    statuses: tuple[FileStatus, ...]
    gone: frozenset[str] = frozenset()


Tube = tuple[RawFile, Assignment]


def plan(study: Study, files: Sequence[RawFile], earlier: Earlier) -> Planned:
    """Say what is to be done with every file of a study.

    Same content under two names is one result; two files that claim to be the same sample are
    listed as not assigned, both named, since labproc cannot know which is meant.
    """
    first, statuses = _without_duplicates(files)
    assigned = [(f, study.assign(_found(f))) for f in first]
    tables = [f for f, _ in assigned if f.kind != "fcs"]
    tubes = [(f, a) for f, a in assigned if f.kind == "fcs"]
    clashes = _clashes(tubes)
    jobs: list[Job] = [_table_job(study, f, earlier) for f in tables]
    statuses += [FileStatus(f.path, f.sha256, "waiting", f.kind) for f in tables]
    known = [(f, a) for f, a in tubes if a.key is not None and f.path not in clashes]
    shared = _shared(study, known, earlier)
    for file, assignment in tubes:
        status, job = _tube(study, file, assignment, known, clashes, earlier)
        if job is not None and job.grouped:
            job = replace(job, shared=_of_tube(study, file, job, shared))
        statuses.append(status)
        if job is not None:
            jobs.append(job)
    gone = frozenset(f.path for f in files if f.gone)
    return Planned(tuple(jobs), tuple(statuses), gone)


def _shared(study: Study, known: Sequence[Tube], earlier: Earlier) -> dict[Place, SharedGate]:
    """Return the gates that groups share, as far as the tubes' own gates are known."""
    if not earlier.outlines:
        return {}
    tubes = [
        (f.sha256, f.path, a.key, f.plate)
        for f, a in known
        if a.key is not None and a.key.role in GATED
    ]
    return shared_gates(study, tubes, earlier.outlines)


def _of_tube(
    study: Study, file: RawFile, job: FlowJob, shared: Mapping[Place, SharedGate]
) -> dict[str, SharedGate]:
    """Return the shared gates of one tube, but those that the study says are its own."""
    places = {name: place(study, job.key, file.plate, name) for name in job.grouped}
    return {
        name: shared[where]
        for name, where in places.items()
        if where in shared and not is_exception(study, job.key, file.path, name)
    }


def _found(file: RawFile) -> Found:
    return Found(file.path, file.plate, file.well, file.tube, file.date)


def _without_duplicates(files: Iterable[RawFile]) -> tuple[list[RawFile], list[FileStatus]]:
    """Return the first file of each content, and the status of the others."""
    first: dict[str, RawFile] = {}
    again: list[FileStatus] = []
    for file in sorted(files, key=lambda f: f.path):
        if file.sha256 in first:
            reason = f"the same content as {first[file.sha256].path}"
            again.append(FileStatus(file.path, file.sha256, "duplicate", file.kind, reason=reason))
        else:
            first[file.sha256] = file
    return list(first.values()), again


def _clashes(tubes: Iterable[Tube]) -> dict[str, str]:
    """Return path -> reason for sample tubes of which several claim one and the same sample."""
    by_key: dict[SampleKey, list[str]] = defaultdict(list)
    for file, assignment in tubes:
        if assignment.key is not None and assignment.key.role is Role.SAMPLE:
            by_key[replace(assignment.key, well="")].append(file.path)
    return {
        path: f"{' and '.join(paths)} are both {key.label}; say which is which with a replicate "
        "in samples.csv, or take one out"
        for key, paths in by_key.items()
        if len(paths) > 1
        for path in paths
    }


def _tube(
    study: Study,
    file: RawFile,
    assignment: Assignment,
    known: Sequence[Tube],
    clashes: Mapping[str, str],
    earlier: Earlier,
) -> tuple[FileStatus, FlowJob | None]:
    key = assignment.key
    base = FileStatus(file.path, file.sha256, "waiting", "fcs", key, flags=assignment.flags)
    if key is None or file.path in clashes:
        reason = clashes.get(file.path, assignment.reason)
        return replace(base, state="not_assigned", reason=reason), None
    if key.role not in GATED:
        reason = f"{key.role.value} tube: read as a control of its panel's samples"
        return replace(base, state="done", reason=reason), None
    try:
        return base, _flow_job(study, file, assignment, known, earlier)
    except (StrategyError, CountError) as error:
        return replace(base, state="set_aside", reason=str(error)), None


def _flow_job(
    study: Study, file: RawFile, assignment: Assignment, known: Sequence[Tube], earlier: Earlier
) -> FlowJob:
    key = assignment.key
    assert key is not None
    panel = study.settings.panels[key.panel]
    moved = earlier.gates.get(file.sha256, {})
    strategy = str(study.strategy_path(panel.strategy))
    return FlowJob(
        path=file.path,
        staged=file.staged,
        sha256=file.sha256,
        key=key,
        strategy=strategy,
        strategy_sha256=_strategy_sha256(strategy),
        markers=dict(panel.markers),
        controls=_controls(file, key, known, with_stains=panel.compensation == CONTROLS),
        spillover=panel_spillover(study, key.panel),
        count=count_rule(study.settings, assignment),
        moved={name: points for name, (_, points) in moved.items()},
        versions={name: version for name, (version, _) in moved.items()},
        grouped=grouped(study, key.panel),
    )


@lru_cache(maxsize=32)
def _strategy_sha256(strategy: str) -> str:
    from gating.strategy import strategy_text

    return hashlib.sha256(strategy_text(strategy).encode()).hexdigest()


def _controls(
    file: RawFile, key: SampleKey, known: Sequence[Tube], *, with_stains: bool
) -> tuple[ControlFile, ...]:
    """Return the tubes of the same panel that this tube's gates may lean on, nearest first.

    A control of no arm serves every arm of its donor and day. A control is held against itself
    too, so that its own CAR+ fraction says what the threshold lets through.
    """
    found = [
        ControlFile(k.role, _matched(key, k), f.sha256, f.staged, f.path, a.text("channel"))
        for f, a in known
        if (k := a.key) is not None and k.role in LEANED_ON and k.panel == key.panel
    ]
    stains = [c for c in found if c.role is Role.COMPENSATION]
    others = [c for c in found if c.role is not Role.COMPENSATION]
    chosen = [*_nearest(others), *(_nearest(stains) if with_stains else [])]
    return tuple(sorted(chosen, key=lambda c: (_NEAR.index(c.matched), c.path)))


def _nearest(controls: list[ControlFile]) -> list[ControlFile]:
    """Return the controls of the same donor and day, or all where there is none."""
    return [c for c in controls if c.matched != "other"] or controls


_NEAR = ("same_arm", "same_day", "other")


def _matched(key: SampleKey, control: SampleKey) -> str:
    """Say how near a control is; an unstained tube of no donor serves all donors of its day."""
    anyones = control.role is Role.UNSTAINED and not control.donor
    donor = key.donor if anyones else control.donor
    same_day = (key.donor, key.experiment, key.day) == (donor, control.experiment, control.day)
    if not same_day:
        return "other"
    return "same_arm" if control.arm in ("", key.arm) else "same_day"


def _table_job(study: Study, file: RawFile, earlier: Earlier) -> TableJob:
    omitted = earlier.omitted.get(file.sha256, {})
    return TableJob(
        path=file.path,
        staged=file.staged,
        sha256=file.sha256,
        study=str(study.folder),
        rules=qpcr_rules(study.settings),
        sheets_sha256=study.sheets_sha256,
        omitted={well: f"{one.reason} ({one.who})" for well, one in omitted.items()},
        versions={well: one.version for well, one in omitted.items()},
        ng_per_ul=earlier.ng_per_ul,
        curves=earlier.curves.get(file.sha256, {}),
    )
