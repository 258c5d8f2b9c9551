"""One run over a study: what is new is done, what is done is left alone."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread

from gating.oddness import FOREST_GROUP
from labproc.intake import Seen
from labproc.model import Boundary
from labproc.pipeline.assemble import assemble
from labproc.pipeline.cohort import check_cohort
from labproc.pipeline.disk import plain_disk_errors
from labproc.pipeline.gather import Gathered, State, gather, known_files
from labproc.pipeline.groups import check_groups
from labproc.pipeline.jobs import FlowJob, Job, result_key
from labproc.pipeline.outcomes import DnaOutcome, FlowOutcome, PlateOutcome
from labproc.pipeline.own_name import in_own_words
from labproc.pipeline.payload import decode, encode, plain_json
from labproc.pipeline.plan_record import record_plan
from labproc.pipeline.planner import Earlier, RawFile, plan
from labproc.pipeline.pooling import Curves, is_pooled, pooled_curves
from labproc.pipeline.publish import final_statuses, publish
from labproc.pipeline.release import check_release
from labproc.pipeline.results import FileStatus, Results
from labproc.pipeline.share import Share, one_publisher
from labproc.pipeline.workers import Done, run_jobs, start_workers
from labproc.store import ResultKey, Store, current_gates, current_omissions
from labproc.study import Study, load_study

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
THE_FOREST = "sklearn.ensemble"  # what scores of oddness are told by
NOT_DONE = frozenset({"set_aside", "not_assigned"})


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did, for the person or the script that asked for it.

    ``results`` is None where nothing has changed; ``bugs`` holds tracebacks of labproc's own
    mistakes, for the log; ``away`` names the shares in ``raw/`` that are not there, '' for all;
    ``untold`` says why somebody could not be told of the run.
    """

    folder: Path
    n_done: int
    n_files: int
    seconds: float
    failed: tuple[FileStatus, ...] = ()
    waiting: tuple[FileStatus, ...] = ()
    results: Results | None = None
    bugs: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()

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
    take: Mapping[str, State] | None = None,
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
    take : mapping, optional
        What a watcher saw settle: path -> (size, time, inode). Whatever is new and not in that
        very state is left for later, a file that came after the watcher's look too.
    look : bool
        Look at ``raw/``; False after a reviewer's change, when only the gates are new.
    progress : callable, optional
        Called with (done, total, path) as files finish.
    """
    began = time.monotonic()
    study = load_study(folder)
    _check_plan(study)
    check_cohort(study)
    with plain_disk_errors(study.results), Store.open(study.store_url) as store:
        apart = workers != 1 and not scheduler
        on_news = _prepare if apart else None
        gathered = (
            gather(study, store, hold=hold, take=take, on_news=on_news)
            if look
            else _known(study, store)
        )
        n_done, bugs = _work_through(study, store, gathered.files, workers, scheduler, progress)
        with one_publisher(store):
            record_plan(study.plan(), store)
            statuses, results = _publish(study, store, gathered.statuses)
    return RunReport(
        folder=study.folder,
        n_done=n_done,
        n_files=len(statuses),
        seconds=time.monotonic() - began,
        failed=tuple(s for s in statuses if s.state in NOT_DONE),
        waiting=tuple(s for s in statuses if s.state == "waiting"),
        results=results,
        bugs=tuple(bugs),
        away=gathered.away,
    )


def _prepare(news: Sequence[Seen]) -> None:
    """Begin to start workers for what has come: an instrument names a tube's file so."""
    tubes = [seen.path.casefold().endswith((".fcs", ".lmd")) for seen in news]
    needs = (TUBES_NEED if any(tubes) else ()) + (() if all(tubes) else TABLES_NEED)
    start_workers(needs)
    if sum(tubes) >= FOREST_GROUP:
        # it takes over a second, at the end of the run; the copying to disk leaves room for it now
        Thread(target=import_module, args=(THE_FOREST,), daemon=True).start()


def _check_plan(study: Study) -> None:
    """Refuse a plan that names what does not exist before hours of work, not after."""
    from labproc.trends import check_plan

    if (planned := study.plan()) is not None:
        check_plan(planned)
    check_groups(study)
    check_release(study)


def _known(study: Study, store: Store) -> Gathered:
    return Gathered(tuple(known_files(study, store)))


def _publish(
    study: Study, store: Store, waiting: Sequence[FileStatus]
) -> tuple[tuple[FileStatus, ...], Results | None]:
    """Say what became of every file and write tables, as the store has it now.

    The plan is made again: another process may know files that were not here when we looked.
    """
    planned = plan(study, known_files(study, store), earlier(study, store))
    keys = [result_key(job) for job in planned.jobs]
    store.set_current(keys)
    statuses = (*final_statuses(store, planned), *waiting)
    return statuses, publish(study, store, statuses, keys)


def _work_through(
    study: Study,
    store: Store,
    files: Sequence[RawFile],
    workers: int | None,
    scheduler: str,
    progress: Progress | None,
) -> tuple[int, list[str]]:
    """Do every job that has no result yet, shared with whoever else is at it.

    DNA concentrations and curves of several plates are known only when their files have been read,
    and the gate of a group only when its tubes have been gated; what rests on them is then planned
    anew, with them.

    Returns
    -------
    tuple
        How many jobs were done here, and the tracebacks of bugs.
    """
    n_done, bugs = 0, list[str]()
    while True:
        before = earlier(study, store)
        planned = plan(study, files, before)
        keys = {result_key(job): job for job in planned.jobs}
        known = store.known_results()
        todo = {key: job for key, job in keys.items() if key not in known}
        ours, found = _work(store, todo, workers, scheduler, progress)
        n_done, bugs = n_done + ours, [*bugs, *found]
        store.set_current(keys, files={job.sha256 for job in planned.jobs})
        if _same(earlier(study, store), before):
            return n_done, bugs


def _same(one: Earlier, other: Earlier) -> bool:
    """Whether two plans would be the same; outlines are compared by their points too."""
    drawn = [plain_json(e) for e in (one, other)]
    return bool(drawn[0] == drawn[1])


def earlier(study: Study, store: Store) -> Earlier:
    """Return what a plan asks for: moved and shared gates, wells taken out, measured DNA."""
    read = store.current_results(kinds=("dna",))
    tables = [decode(r.payload, DnaOutcome) for r in read if r.payload]
    concentrations: dict[str, float] = {}
    for table in tables:
        concentrations |= table.ng_per_ul
    omitted, own = current_omissions(store), _own_outlines(study, store)
    return Earlier(current_gates(store), omitted, concentrations, own, _pooled(study, store))


def _own_outlines(study: Study, store: Store) -> dict[str, Mapping[str, Boundary]]:
    """Return the tubes' own outlines, where any panel of the study shares a gate."""
    if not any(panel.shared for panel in study.settings.panels.values()):
        return {}
    gated = store.current_results(kinds=("fcs",))
    views = [decode(r.payload, FlowOutcome).view for r in gated if r.payload]
    return {v.source.sha256: v.own for v in views if v.own}


def _pooled(study: Study, store: Store) -> Curves:
    if not is_pooled(study.settings):
        return {}
    read = store.current_results(kinds=("qpcr",))
    plates = [decode(r.payload, PlateOutcome).view for r in read if r.payload]
    return pooled_curves(study.settings, plates)


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


def _work(
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
        store.save_result(key, path=job.path, kind=kind, payload=payload)
        return True
    if done.bug or (done.died and store.count_try(key, done.error) < MAX_TRIES):
        return False
    reason = _reason(done.error, job)
    store.save_result(
        key, path=job.path, kind=job.kind, payload=None, status="set_aside", reason=reason
    )
    return True


def _reason(error: str, job: Job) -> str:
    """Return an error that begins with the file's path below ``raw/``, once."""
    name = Path(job.path).name
    said = in_own_words(error, job.staged, job.path)
    rest = said.removeprefix(job.path).removeprefix(name).removeprefix(": ")
    return f"{job.path}: {rest}"


def load_results(folder: Path) -> Results:
    """Return a study's results as they stand in its store; nothing is looked at or computed anew.

    Raises
    ------
    StudyError
        If there is no study.
    """
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        planned = plan(study, known_files(study, store), earlier(study, store))
        return assemble(study, store, final_statuses(store, planned))
