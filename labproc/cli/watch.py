"""``labproc watch``: run, then go on as files arrive."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from labproc.cli._study import one_line_each, run_and_report, study_argument
from labproc.cli._teller import LOG, Teller
from labproc.cli.run import bug_lines, shares_away
from labproc.errors import LabprocError
from labproc.wording import counted

if TYPE_CHECKING:
    from labproc.pipeline.runner import RunReport


@click.command()
@study_argument
@click.option("--every", default=2.0, show_default=True, help="Seconds between two looks at raw/.")
@click.option("--workers", type=click.IntRange(1), help="Worker processes; one a core by default.")
@click.option("--log", "with_log", is_flag=True, help=f"Also write what happens to results/{LOG}.")
@click.option("--once", is_flag=True, hidden=True, help="Stop after the first quiet look.")
def command(study: Path, every: float, workers: int | None, with_log: bool, once: bool) -> int:
    """Process what is in raw/, then go on as files arrive; stop with Ctrl-C.

    A file is taken when it has not changed for some seconds and is complete by its own format.
    Several watchers may work on one study. A full disk, a share that is away or a sheet that is
    half edited is said once; the watcher goes on by itself when that is over.
    """
    from labproc.pipeline.watch import watch
    from labproc.study import load_study

    folder = load_study(study).folder
    tell = Teller(folder / "results" / LOG if with_log else None)
    tell.say(f"watching {folder / 'raw'}; stop with Ctrl-C")
    log_file = partial(_done, tell)
    run = partial(run_and_report, progress=log_file)
    said: set[str] = set()
    with _stopped_by_term() as stop:
        is_ready = False
        for outcome in watch(folder, run, every=every, workers=workers, stop=stop):
            _tell(tell, folder, outcome, said)
            if not is_ready and not isinstance(outcome, LabprocError):
                is_ready = True
                tell.say("ready: going on as files arrive")
            if once:
                break
    tell.say("stopped")
    return 0


def _done(tell: Teller, _n: int, _total: int, path: str) -> None:
    tell.say(f"read {path}", quiet=True)


def _tell(tell: Teller, folder: Path, outcome: "RunReport | LabprocError", said: set[str]) -> None:
    """Say what came of a look at the study, each file that was not done once."""
    from labproc.pipeline.notify import notify_of_trouble

    if isinstance(outcome, LabprocError):
        if tell.is_new(" ".join(str(outcome).split())):
            for line in notify_of_trouble(folder, str(outcome)):
                tell.say(line)
        return
    if outcome.away:
        tell.is_new(shares_away(outcome))
    else:
        tell.over()
    lines = one_line_each([(s.path, s.reason) for s in outcome.failed])
    for line in [*(x for x in lines if x not in said), *bug_lines(outcome), *outcome.untold]:
        tell.say(line)
    said.update(lines)
    if outcome.n_done:
        tell.say(f"{counted(outcome.n_done, 'file')} processed in {outcome.seconds:.1f} s")


@contextmanager
def _stopped_by_term() -> Iterator[threading.Event]:
    """Give an event that a service's stop sets: what is under way is finished first."""
    stop = threading.Event()

    def ring(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = None
    with suppress(ValueError):  # in a thread, where signals cannot be caught
        before = signal.signal(signal.SIGTERM, ring)
    try:
        yield stop
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
