"""Prove that a study is what its record says: hashes, audit chain, numbers."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labproc.pipeline.asked import earlier
from labproc.pipeline.gather import STAGED, known_files
from labproc.pipeline.jobs import result_key
from labproc.pipeline.payload import decode, plain_json
from labproc.pipeline.planner import plan
from labproc.pipeline.runner import load_results
from labproc.pipeline.tables import all_tables
from labproc.pipeline.versions import PIPELINE_VERSION
from labproc.pipeline.work import KINDS, Outcome, do_job
from labproc.store import Store, StoredResult, current_results, observation_history
from labproc.store.leases import held
from labproc.study import Study, load_study
from labproc.wording import counted

TOLERANCE = 1e-9  # relative: other processors round the last digits differently
STILL_S = 3.0  # nothing was written for so long: no run is between its results and its tables
PATIENCE_S = 60.0  # a watcher that takes in thousands of files is not waited for
BUSY = "tables: a run writes to the study, so they were not compared; verify again when it rests"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked, and everything that is not as it was recorded."""

    problems: tuple[str, ...]
    n_files: int
    n_audit: int
    n_results: int = 0

    @property
    def summary(self) -> str:
        """One line for people."""
        again = f", {counted(self.n_results, 'result')} derived again" if self.n_results else ""
        what = f"{counted(self.n_files, 'file')}, {counted(self.n_audit, 'audit row')}{again}"
        bad = len(self.problems)
        return f"{what}: {counted(bad, 'problem') if bad else 'all whole'}"


def verify_study(folder: Path, *, recompute: bool = False, heads: Sequence[str] = ()) -> Verified:
    """Check a study against its record.

    Raw files are hashed again where they are still there, and so are the staged copies; the audit
    chain is followed from its first row to its head; the tables in the store are compared with
    what the stored results give. With ``recompute`` every result is derived again from its file.
    Results of another pipeline version can be neither: that is said, once.
    ``heads`` are audit heads that were written down elsewhere (in a report, a backup): a chain
    that was cut together with its own head is found by them only.
    """
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        problems = [*store.verify_audit(heads=heads), *_damaged_database(store)]
        problems += _changed_files(study, store)
        older = _older(store)
        problems += older or _changed_tables(study, store)
        n_results = 0
        if recompute and not older:
            again = list(_recomputed(study, store))
            n_results = len(again)
            problems += [p for p in again if p]
        n_files = len(observation_history(store))
        n_audit = len(store.audit_rows())
    return Verified(tuple(problems), n_files, n_audit, n_results)


def _older(store: Store) -> list[str]:
    """Say that another version made the results: its numbers cannot be derived by this one."""
    found = current_results(store, payloads=False)
    made_by = {r.key.pipeline_version for r in found} - {PIPELINE_VERSION}
    if not made_by:
        return []
    versions = ", ".join(sorted(made_by))
    return [f"results: made by pipeline {versions}, this is {PIPELINE_VERSION}; run, then verify"]


def _damaged_database(store: Store) -> list[str]:
    if store.engine.dialect.name != "sqlite":
        return []
    with store.reading() as connection:
        rows = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    return [f"labproc.sqlite: {row}" for row in rows if row != "ok"]


def _changed_files(study: Study, store: Store) -> Iterator[str]:
    from labproc.parsers.fcs import file_sha256

    staged = {f.sha256: Path(f.staged) for f in known_files(study, store)}
    for sha256, copy in sorted(staged.items()):
        if not copy.is_file():
            yield f"results/{STAGED}: the copy {sha256[:12]} is missing"
        elif file_sha256(copy) != sha256:
            yield f"results/{STAGED}: the copy {sha256[:12]} was changed"
    for one in observation_history(store):
        path = study.raw / one.path
        if one.state == "current" and path.is_file() and file_sha256(path) != one.sha256:
            yield f"{one.path}: its content is not what was processed; run again"


def _changed_tables(study: Study, store: Store) -> list[str]:
    """Return the tables in the store that differ from what the stored results give.

    A run that is under way has saved results that are not in the tables yet: what differs is
    looked at again until nobody has written for a while.
    """
    began = still_since = time.monotonic()
    seen = _written(store)
    while found := list(_differing_tables(study, store)):
        now, written = time.monotonic(), _written(store)
        if written != seen or held(store):
            seen, still_since = written, now
        if now - still_since >= STILL_S:
            return found
        if now - began >= PATIENCE_S:
            return [BUSY]
        time.sleep(0.5)
    return []


def _written(store: Store) -> str:
    """Return what changes whenever a run saves a result or writes the tables."""
    return f"{store.audit_head()} {store.get_meta('fingerprint')}"


def _differing_tables(study: Study, store: Store) -> Iterator[str]:
    fresh = all_tables(load_results(study.folder))
    for name, rows in fresh.items():
        stored = store.table(name)
        if len(stored) != len(rows):
            yield f"table {name}: {counted(len(stored), 'row')}, expected {len(rows)}"
            continue
        differing = [
            i for i, (a, b) in enumerate(zip(stored, rows, strict=True), 1) if _differ(a, b)
        ]
        if differing:
            yield f"table {name}: row {differing[0]} differs from its result"


def _differ(stored: Mapping[str, Any], fresh: Mapping[str, Any]) -> bool:
    return any(not _same(stored[k], None if v == "" else v) for k, v in fresh.items())


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) <= TOLERANCE * max(abs(one), abs(other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, Sequence) and isinstance(other, Sequence) and not isinstance(one, str):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _recomputed(study: Study, store: Store) -> Iterator[str]:
    """Derive every current result again; yield an empty line for each that is the same."""
    results = current_results(store)  # before the plan, which then knows all of their files
    planned = plan(study, known_files(study, store), earlier(study, store))
    jobs = {result_key(job): job for job in planned.jobs}
    for stored in results:
        if stored.status != "done":
            continue
        if stored.key not in jobs:
            yield f"{stored.path}: its settings have changed since; run again"
            continue
        fresh = plain_json(do_job(jobs[stored.key]))
        same = _same(fresh, plain_json(_decoded(stored)))
        yield "" if same else f"{stored.path}: derived again it gives other numbers"


def _decoded(stored: StoredResult) -> Outcome:
    assert stored.payload is not None
    kinds: dict[str, type[Outcome]] = {name: kind for kind, name in KINDS.items()}
    return decode(stored.payload, kinds[stored.kind])
