"""One run over a study: what is new is done, what is done is left alone."""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labproc.pipeline.assemble import assemble
from labproc.pipeline.gather import Gathered, gather, known_files
from labproc.pipeline.jobs import FlowJob, Job, result_key
from labproc.pipeline.outcomes import DnaOutcome, FlowOutcome, PlateOutcome
from labproc.pipeline.own_name import in_own_words
from labproc.pipeline.payload import decode, encode
from labproc.pipeline.planner import Earlier, Planned, RawFile, plan
from labproc.pipeline.results import FileStatus, Results
from labproc.pipeline.tables import all_tables, write_tables
from labproc.pipeline.versions import PIPELINE_VERSION
from labproc.pipeline.workers import Done, run_jobs
from labproc.store import ResultKey, Store, StoredResult, current_gates
from labproc.study import Study, load_study

Progress = Callable[[int, int, str], None]
Outcome = FlowOutcome | PlateOutcome | DnaOutcome
MAX_TRIES = 3  # a file that takes its worker down this often is set aside
KINDS: dict[type, str] = {FlowOutcome: "fcs", PlateOutcome: "qpcr", DnaOutcome: "dna"}
NOT_DONE = frozenset({"set_aside", "not_assigned"})


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did, for the person or the script that asked for it.

    ``results`` is None where nothing has changed; ``bugs`` holds tracebacks of labproc's own
    mistakes, for the log.
    """

    folder: Path
    n_done: int
    n_files: int
    seconds: float
    failed: tuple[FileStatus, ...] = ()
    waiting: tuple[FileStatus, ...] = ()
    results: Results | None = None
    bugs: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether any result differs from what stood there before the run."""
        return self.results is not None

    @property
    def exit_code(self) -> int:
        """0 all done; 1 a bug; 3 some files failed; 4 nothing was recognised."""
        if self.bugs:
            return 1
        if self.n_files == len(self.failed):
            return 4
        return 3 if self.failed else 0


def run_study(
    folder: Path,
    *,
    workers: int | None = None,
    scheduler: str = "",
    hold: Collection[str] | None = None,
    look: bool = True,
    progress: Progress | None = None,
) -> RunReport:
    """Process whatever in ``raw/`` is new or changed, and write the tables.

    Parameters
    ----------
    folder : Path
        The study: it holds ``study.toml``.
    workers : int, optional
        Worker processes; one a core by default. With 1 the files are read in this process.
    scheduler : str, optional
        Address of a Dask scheduler that runs the jobs instead.
    hold : collection of str, optional
        Paths under ``raw/`` to leave for later. Without it files that were written a moment ago
        are waited for.
    look : bool
        Look at ``raw/``; False after a reviewer's change, when only the gates are new.
    progress : callable, optional
        Called with (done, total, path) as files finish.
    """
    began = time.monotonic()
    study = load_study(folder)
    _check_plan(study)
    with Store.open(study.store_url) as store:
        gathered = _files(study, store, hold=hold, look=look)
        worked = _work_through(study, store, gathered.files, workers, scheduler, progress)
        keys = {result_key(job): job for job in worked.planned.jobs}
        statuses = (*final_statuses(store, worked.planned), *gathered.statuses)
        results = _publish(study, store, statuses, keys)
    return RunReport(
        folder=study.folder,
        n_done=worked.n_done,
        n_files=len(statuses),
        seconds=time.monotonic() - began,
        failed=tuple(s for s in statuses if s.state in NOT_DONE),
        waiting=tuple(s for s in statuses if s.state == "waiting"),
        results=results,
        bugs=tuple(worked.bugs),
    )


def _check_plan(study: Study) -> None:
    """Refuse a plan that names what does not exist before hours of work, not after."""
    from labproc.trends import check_plan

    if (planned := study.plan()) is not None:
        check_plan(planned)


def _files(study: Study, store: Store, *, hold: Collection[str] | None, look: bool) -> Gathered:
    if look:
        return gather(study, store, hold=hold)
    return Gathered(tuple(known_files(study, store)))


@dataclass(frozen=True, slots=True)
class _Worked:
    planned: Planned
    n_done: int
    bugs: list[str]


def _work_through(
    study: Study,
    store: Store,
    files: Sequence[RawFile],
    workers: int | None,
    scheduler: str,
    progress: Progress | None,
) -> _Worked:
    """Do every job that has no result yet.

    DNA concentrations are known only when their files have been read; the plates that they speak
    of are then planned anew, with them.
    """
    n_done, bugs = 0, []
    while True:
        before = earlier(store)
        planned = plan(study, files, before)
        keys = {result_key(job): job for job in planned.jobs}
        known = store.known_results()
        todo = [job for key, job in keys.items() if key not in known]
        bugs += _work(store, todo, workers, scheduler, progress)
        n_done += len(todo)
        store.set_current(keys)
        if earlier(store) == before:
            return _Worked(planned, n_done, bugs)


def earlier(store: Store) -> Earlier:
    """Return what a plan asks for: moved gates, and DNA concentrations that were read."""
    read = store.current_results(kinds=("dna",))
    tables = [decode(r.payload, DnaOutcome) for r in read if r.payload]
    concentrations: dict[str, float] = {}
    for table in tables:
        concentrations |= table.ng_per_ul
    return Earlier(current_gates(store), {}, concentrations)


def do_job(job: Job) -> Outcome:
    """Do one file's work, of whichever kind: what workers run."""
    if isinstance(job, FlowJob):
        from labproc.pipeline.flow_work import do_flow

        return do_flow(job)
    from labproc.pipeline.table_work import do_table

    return do_table(job)


def _work(
    store: Store,
    todo: Sequence[Job],
    workers: int | None,
    scheduler: str,
    progress: Progress | None,
) -> list[str]:
    """Run the jobs, save each as it finishes, and return the tracebacks of bugs."""
    bugs = []
    running = run_jobs(do_job, todo, workers=workers, scheduler=scheduler)
    for n_done, done in enumerate(running, start=1):
        _save(store, done)
        bugs += [done.bug] if done.bug else []
        if progress is not None:
            progress(n_done, len(todo), done.job.path)
    return bugs


def _save(store: Store, done: Done[Job, Outcome]) -> None:
    """Save a result, or the reason why there is none.

    A file that took its worker down is tried again at the next run, three times in all; a bug is
    not kept, so that the next version of labproc tries the file anew.
    """
    key, job = result_key(done.job), done.job
    if done.result is not None:
        kind = KINDS[type(done.result)]
        store.save_result(key, path=job.path, kind=kind, payload=encode(done.result))
        return
    if done.bug or (done.died and store.count_try(key, done.error) < MAX_TRIES):
        return
    reason = _reason(done.error, job)
    store.save_result(
        key, path=job.path, kind=job.kind, payload=None, status="set_aside", reason=reason
    )


def _reason(error: str, job: Job) -> str:
    """Return an error that begins with the file's path below ``raw/``, once."""
    name = Path(job.path).name
    said = in_own_words(error, job.staged, job.path)
    rest = said.removeprefix(job.path).removeprefix(name).removeprefix(": ")
    return f"{job.path}: {rest}"


def final_statuses(store: Store, planned: Planned) -> tuple[FileStatus, ...]:
    """Return every planned file's status as the store has it now."""
    by_file = {r.key.sha256: r for r in store.current_results(payloads=False)}
    done = (_status(s, by_file.get(s.sha256)) for s in planned.statuses)
    return tuple(_gone(s) if s.path in planned.gone else s for s in done)


def _gone(status: FileStatus) -> FileStatus:
    if status.state != "done":
        return status
    return replace(status, state="gone", reason="no longer in raw/; its results are kept")


def _status(status: FileStatus, result: StoredResult | None) -> FileStatus:
    if status.state != "waiting":
        return status
    if result is None:
        reason = "not done: a worker stopped while reading it; it is tried again"
        return replace(status, state="set_aside", reason=reason)
    return replace(status, state=result.status, reason=result.reason, kind=result.kind)


def _publish(
    study: Study, store: Store, statuses: Sequence[FileStatus], keys: Iterable[ResultKey]
) -> Results | None:
    """Reduce, and write tables, where anything they rest on has changed."""
    fingerprint = _fingerprint(study, statuses, keys)
    tables = study.results / "tables"
    if store.get_meta("fingerprint") == fingerprint and (tables / "files.csv").exists():
        return None
    results = assemble(study, store, statuses)
    rows = all_tables(results)
    write_tables(rows, tables)
    store.replace_tables(rows, fingerprint=fingerprint)
    return results


def _fingerprint(study: Study, statuses: Sequence[FileStatus], keys: Iterable[ResultKey]) -> str:
    """Return one hash over everything the tables rest on."""
    parts = [
        PIPELINE_VERSION,
        study.sheets_sha256,
        sorted([k.sha256, k.parameter_hash] for k in keys),
        sorted([s.path, s.sha256, s.state, s.reason] for s in statuses),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def load_results(folder: Path) -> Results:
    """Return a study's results as they stand in its store; nothing is looked at or computed anew.

    Raises
    ------
    StudyError
        If there is no study.
    """
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        planned = plan(study, known_files(study, store), earlier(store))
        return assemble(study, store, final_statuses(store, planned))
