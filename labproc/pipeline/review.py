"""A reviewer's changes: tried without saving, saved as a new version, and what depends redone."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from labproc import store as stores
from labproc.errors import StoreError, UnknownName
from labproc.model import Measurement
from labproc.pipeline.asked import earlier
from labproc.pipeline.decided import REJECTED
from labproc.pipeline.flow_work import do_flow
from labproc.pipeline.gather import known_files
from labproc.pipeline.jobs import FlowJob
from labproc.pipeline.outcomes import FlowOutcome
from labproc.pipeline.planner import plan
from labproc.pipeline.results import Results, TubeView
from labproc.pipeline.runner import load_results, run_study
from labproc.store import Store, current_results
from labproc.store.signatures import Signature, signed_now
from labproc.study import Study, load_study

Points = Sequence[Sequence[float]]
PREVIEW_DRAWS = 25  # enough for an interval that can be read while a gate is dragged


def preview_gate(folder: Path, sha256: str, population: str, points: Points) -> TubeView:
    """Return a tube as it would be with one gate moved; nothing is saved.

    Parameters
    ----------
    folder : Path
        The study.
    sha256, population : str
        The tube's file, and the gate.
    points : sequence, shape (n_points, n_channels)
        The boundary's points on the scale that ``Boundary.points`` uses.
    """
    return _tried(folder, sha256, population, points).view


def preview_measurements(
    folder: Path, sha256: str, population: str, points: Points
) -> tuple[Measurement, ...]:
    """Return what would be measured in a tube with one gate moved; nothing is saved."""
    return _tried(folder, sha256, population, points).measurements


def save_gate(
    folder: Path, sha256: str, population: str, points: Points | None, *, who: str, reason: str
) -> Results:
    """Save a moved gate as a new version, do again what depends on it, return the new results.

    Without points the gate goes back to the automatic one, as a new version too.

    Raises
    ------
    StoreError
        If no reason is given, or the tube is approved: an approval is taken back first.
    """
    return save_gates(folder, (sha256,), population, points, who=who, reason=reason)


def save_gates(
    folder: Path, sha256s: Sequence[str], population: str, points: Points | None,
    *, who: str, reason: str,
) -> Results:  # fmt: skip
    """Save one moved gate for several tubes (a donor's day, a panel), then compute once.

    Raises
    ------
    StoreError
        If no reason is given, or a tube is approved or signed: nothing is saved then.
    """
    jobs = [job_of(folder, sha256) for sha256 in sha256s]
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        decisions = stores.current_decisions(store)
        signed = signed_now(store, sha256s)
        for job in jobs:
            _need_open(job, decisions.get(job.sha256), signed.get(job.sha256))
        for job in jobs:
            stores.save_gate(
                store, job.sha256, population, points, who=who, reason=reason, subject=job.path
            )
    report = run_study(folder, look=False, workers=1)
    return report.results or load_results(folder)


def _need_open(job: FlowJob, decided: "stores.Decision | None", signed: "Signature | None") -> None:
    """Refuse a locked tube before the first of several is changed."""
    if signed is not None:
        raise StoreError(
            f"{job.path}: {signed.meaning} and signed by {signed.who}, expected an open result; "
            "withdraw the signature first"
        )
    if decided is not None and decided.verdict == "approved":
        raise StoreError(
            f"{job.path}: approved by {decided.who}, expected an open sample; reopen it first"
        )


def decide(folder: Path, sha256: str, verdict: str, *, who: str, reason: str) -> None:
    """Record a reviewer's word on a file: ``approved``, ``rejected`` or ``reopened``.

    A rejected file's numbers are compared no more; what rested on them is computed again, and so
    is a release, which rests on every verdict.
    """
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        path = path_of(store, sha256)
        before = stores.current_decisions(store).get(sha256)
        stores.decide(store, sha256, verdict, who=who, reason=reason, subject=path)
    if study.release or REJECTED in (verdict, before.verdict if before else ""):
        run_study(folder, look=False, workers=1)


def path_of(store: Store, sha256: str) -> str:
    """Return the path of a file that has a result now."""
    found = [r.path for r in current_results(store, payloads=False) if r.key.sha256 == sha256]
    if not found:
        raise UnknownName(f"no result of a file with SHA-256 {sha256[:12]} in this study")
    return found[0]


def audit_rows(folder: Path) -> list[dict[str, str]]:
    """Return the audit trail as text, oldest first."""
    with Store.open(load_study(folder).store_url) as store:
        return [{k: str(v) for k, v in row.items()} for row in store.audit_rows()]


def _tried(folder: Path, sha256: str, population: str, points: Points) -> FlowOutcome:
    """Gate a tube with one gate moved; a page asks twice, for the picture and the numbers."""
    given = tuple(tuple(float(x) for x in point) for point in points)
    study = load_study(folder)
    return _gated(study.folder, _stamp(study), sha256, population, given)


@lru_cache(maxsize=16)
def _gated(
    folder: Path, stamp: str, sha256: str, population: str, points: tuple[tuple[float, ...], ...]
) -> FlowOutcome:
    return do_flow(_moved(folder, sha256, population, points), draws=PREVIEW_DRAWS)


def _moved(folder: Path, sha256: str, population: str, points: Points) -> FlowJob:
    job = job_of(folder, sha256)
    given = tuple(tuple(float(x) for x in point) for point in points)
    return replace(job, moved={**job.moved, population: given})


def job_of(folder: Path, sha256: str) -> FlowJob:
    """Return the job that gates a tube as the study stands now."""
    study = load_study(folder)
    jobs = _jobs(study.folder, _stamp(study))
    if sha256 not in jobs:
        raise UnknownName(f"no gated tube with SHA-256 {sha256[:12]} in {study.folder.name}")
    return jobs[sha256]


def _stamp(study: Study) -> str:
    """Return what changes whenever the plan of the study may have changed."""
    with Store.open(study.store_url) as store:
        return f"{study.sheets_sha256} {store.get_meta('fingerprint')} {store.audit_head()}"


@lru_cache(maxsize=8)
def _jobs(folder: Path, stamp: str) -> dict[str, FlowJob]:
    """Return every tube's job; planned once for as long as nothing changes."""
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        planned = plan(study, known_files(study, store), earlier(study, store))
    return {job.sha256: job for job in planned.jobs if isinstance(job, FlowJob)}
