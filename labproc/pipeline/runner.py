"""One run over a study: what is new is done, what is done is left alone."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread

from gating.oddness import FOREST_GROUP
from labproc.intake import Seen
from labproc.pipeline.asked import earlier
from labproc.pipeline.assemble import assemble
from labproc.pipeline.cohort import check_cohort
from labproc.pipeline.disk import plain_disk_errors
from labproc.pipeline.gather import Gathered, State, gather, known_files
from labproc.pipeline.groups import check_groups
from labproc.pipeline.jobs import result_key
from labproc.pipeline.payload import plain_json
from labproc.pipeline.plan_record import record_plan
from labproc.pipeline.planner import Earlier, RawFile, plan
from labproc.pipeline.publish import final_statuses, publish
from labproc.pipeline.release import check_release
from labproc.pipeline.results import FileStatus, Results
from labproc.pipeline.share import one_publisher
from labproc.pipeline.work import TABLES_NEED, TUBES_NEED, Progress, work_off
from labproc.pipeline.workers import start_workers
from labproc.store import Store, known_results, set_current
from labproc.study import Study, load_study

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
    set_current(store, keys)
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
        known = known_results(store)
        todo = {key: job for key, job in keys.items() if key not in known}
        ours, found = work_off(store, todo, workers, scheduler, progress)
        n_done, bugs = n_done + ours, [*bugs, *found]
        set_current(store, keys, files={job.sha256 for job in planned.jobs})
        if _same(earlier(study, store), before):
            return n_done, bugs


def _same(one: Earlier, other: Earlier) -> bool:
    """Whether two plans would be the same; outlines are compared by their points too."""
    drawn = [plain_json(e) for e in (one, other)]
    return bool(drawn[0] == drawn[1])


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
