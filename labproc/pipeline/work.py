"""Do the jobs that have no result yet, and save each as it finishes."""

from collections.abc import Callable, Mapping
from pathlib import Path

from labproc.pipeline.jobs import FlowJob, Job, result_key
from labproc.pipeline.outcomes import DnaOutcome, FlowOutcome, PlateOutcome
from labproc.pipeline.own_name import in_own_words
from labproc.pipeline.payload import encode
from labproc.pipeline.share import Share
from labproc.pipeline.workers import Done, run_jobs
from labproc.store import ResultKey, Store, count_try, save_result

Progress = Callable[[int, int, str], None]
Outcome = FlowOutcome | PlateOutcome | DnaOutcome
Saved = tuple[str, bytes]  # the kind of a result, and the result as it is stored
MAX_TRIES = 3  # a file that takes its worker down this often is set aside
KINDS: dict[type, str] = {FlowOutcome: "fcs", PlateOutcome: "qpcr", DnaOutcome: "dna"}
TUBES_NEED = (
    "labproc.pipeline.flow_work",
    "labproc.parsers.fcs",
    "labproc.counts",
    "gating.engine",
    "gating.oddness",
    "gating.views",
)
TABLES_NEED = ("labproc.pipeline.table_work", "labproc.parsers")
"""What ``do_job`` imports where it is used."""


def do_job(job: Job) -> Outcome:
    """Do one file's work, of whichever kind."""
    if isinstance(job, FlowJob):
        from labproc.pipeline.flow_work import do_flow

        return do_flow(job)
    from labproc.pipeline.table_work import do_table

    return do_table(job)


def worked_off(job: Job) -> Saved:
    """Do one file's work and return its result as the store keeps it: what workers run."""
    outcome = do_job(job)
    return KINDS[type(outcome)], encode(outcome)


def work_off(
    store: Store,
    todo: Mapping[ResultKey, Job],
    workers: int | None,
    scheduler: str,
    progress: Progress | None,
) -> tuple[int, list[str]]:
    """Run the jobs that nobody else does, save each as it finishes, wait for the others'.

    Returns
    -------
    tuple
        How many were done here, and the tracebacks of bugs.
    """
    n_done, bugs = 0, []
    share = Share(store, todo)
    while share:
        for done in run_jobs(worked_off, share.free(), workers=workers, scheduler=scheduler):
            share.done(result_key(done.job), saved=_save(store, done))
            n_done += 1
            bugs += [done.bug] if done.bug else []
            if progress is not None:
                progress(n_done, len(todo), done.job.path)
        share.wait()
    return n_done, bugs


def _save(store: Store, done: Done[Job, Saved]) -> bool:
    """Save a result, or the reason why there is none; say whether either was saved.

    A file that took its worker down is tried again at the next run, three times in all; a bug is
    not kept, so that the next version of labproc tries the file anew.
    """
    key, job = result_key(done.job), done.job
    if done.result is not None:
        kind, payload = done.result
        save_result(store, key, path=job.path, kind=kind, payload=payload)
        return True
    if done.bug or (done.died and count_try(store, key, done.error) < MAX_TRIES):
        return False
    reason = _reason(done.error, job)
    save_result(
        store, key, path=job.path, kind=job.kind, payload=None, status="set_aside", reason=reason
    )
    return True


def _reason(error: str, job: Job) -> str:
    """Return an error that begins with the file's path below ``raw/``, once."""
    name = Path(job.path).name
    said = in_own_words(error, job.staged, job.path)
    rest = said.removeprefix(job.path).removeprefix(name).removeprefix(": ")
    return f"{job.path}: {rest}"
