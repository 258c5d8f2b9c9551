"""What a run leaves for people: what became of every file, and the tables."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from labproc.pipeline.assemble import assemble
from labproc.pipeline.decided import REJECTED
from labproc.pipeline.planner import Planned
from labproc.pipeline.remembered import Remembered
from labproc.pipeline.results import FileStatus, Results
from labproc.pipeline.share import worked_on
from labproc.pipeline.tables import all_tables, write_tables
from labproc.pipeline.versions import PIPELINE_VERSION
from labproc.store import ResultKey, Store, StoredResult, current_decisions, current_results
from labproc.study import Study


def final_statuses(store: Store, planned: Planned) -> tuple[FileStatus, ...]:
    """Return every planned file's status as the store has it now."""
    by_file = {r.key.sha256: r for r in current_results(store, payloads=False)}
    busy = worked_on(store)
    done = (_status(s, by_file.get(s.sha256), s.sha256 in busy) for s in planned.statuses)
    return tuple(_gone(s) if s.path in planned.gone else s for s in done)


def _gone(status: FileStatus) -> FileStatus:
    if status.state != "done":
        return status
    return replace(status, state="gone", reason="no longer in raw/; its results are kept")


def _status(status: FileStatus, result: StoredResult | None, is_worked_on: bool) -> FileStatus:
    if status.state != "waiting":
        return status
    if result is None and is_worked_on:
        return replace(status, state="running", reason="being processed now")
    if result is None:
        reason = "not done: a worker stopped while reading it; it is tried again"
        return replace(status, state="set_aside", reason=reason)
    return replace(status, state=result.status, reason=result.reason, kind=result.kind)


def publish(
    study: Study, store: Store, statuses: Sequence[FileStatus], keys: Iterable[ResultKey]
) -> Results | None:
    """Reduce, and write tables, where anything they rest on has changed."""
    fingerprint = _fingerprint(study, store, statuses, keys)
    tables = study.results / "tables"
    if store.get_meta("fingerprint") == fingerprint and (tables / "files.csv").exists():
        return None
    remembered = Remembered.of(store)
    results = assemble(study, store, statuses, remembered=remembered)
    remembered.keep(store)
    rows = all_tables(results)
    write_tables(rows, tables)
    store.replace_tables(rows, fingerprint=fingerprint)
    return results


def _decided(study: Study, store: Store) -> list[list[str]]:
    """Return what reviewers said: rejected files are compared no more, a release rests on all."""
    said = current_decisions(store).values()
    kept = [d for d in said if study.release or d.verdict == REJECTED]
    return sorted([d.sha256, d.verdict, d.who, d.reason] for d in kept)


def _fingerprint(
    study: Study, store: Store, statuses: Sequence[FileStatus], keys: Iterable[ResultKey]
) -> str:
    """Return one hash over everything the tables rest on."""
    parts = [
        PIPELINE_VERSION,
        study.sheets_sha256,
        study.release_sha256,
        _decided(study, store),
        sorted([k.sha256, k.parameter_hash] for k in keys),
        sorted([s.path, s.sha256, s.state, s.reason] for s in statuses),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
