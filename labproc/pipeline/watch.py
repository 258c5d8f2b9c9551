"""Watch a study: look, wait until files have settled, run, go on."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from labproc.errors import DiskFailed, LabprocError
from labproc.intake import Seen, is_complete, quiet_s, scan
from labproc.pipeline.disk import plain_disk_errors
from labproc.pipeline.runner import RunReport
from labproc.study import load_study

GIVE_UP_S = 600.0  # a file that is incomplete for so long is read, and refused with its reason
REST = 4.0  # times a look's own length, until the next
AGAIN_S = 60.0  # a file that could not be read (no right to, a bad sector) is tried again
NS_PER_S = 1_000_000_000
Run = Callable[..., RunReport]
State = tuple[int, int, int]


@dataclass
class Looks:
    """What was seen when: which files have stopped changing, and which are new since a run."""

    since: dict[str, float] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    done: dict[str, State] = field(default_factory=dict)
    unread: dict[str, float] = field(default_factory=dict)

    def first(self, raw: Path, now: float) -> set[str]:
        """Look for the first time and return the paths that are not ready.

        What was written long before counts as unchanged since then; a clock that runs ahead is
        not believed.
        """
        clock = time.time_ns()
        for one in scan(raw):
            age = max(0.0, (clock - one.mtime_ns) / NS_PER_S)
            self.states[one.path], self.since[one.path] = one.state, now - age
        return self.look(raw, now)[1]

    def look(self, raw: Path, now: float) -> tuple[set[str], set[str]]:
        """Return the paths that are ready to be processed and those that are not yet."""
        seen = scan(raw)
        before, self.states = self.states, {one.path: one.state for one in seen}
        for path, state in self.states.items():
            if before.get(path) != state:
                self.since[path] = now
        for path in [p for p, at in self.unread.items() if now - at >= AGAIN_S]:
            self.done.pop(path, None)
            del self.unread[path]
        news = [s for s in seen if self.done.get(s.path) != s.state]
        ready = {s.path for s in news if self._is_ready(raw, s, now)}
        gone = set(self.done) - {s.path for s in seen}
        return ready | gone, {s.path for s in news} - ready

    def _is_ready(self, raw: Path, seen: Seen, now: float) -> bool:
        """Whether a file has been the same for its quiet time and is whole by its own format."""
        still = now - self.since[seen.path]
        if still < quiet_s(seen.path):
            return False
        return seen.size <= 0 or still > GIVE_UP_S or is_complete(raw / seen.path)

    def settled(self, waiting: set[str]) -> dict[str, State]:
        """Return the files that may be taken, each with the state that it settled in."""
        return {path: state for path, state in self.states.items() if path not in waiting}

    def processed(self, report: RunReport, waiting: set[str], now: float) -> None:
        """Record that everything seen but the waiting was processed as it was."""
        later = waiting | {status.path for status in report.waiting}
        here = self.settled(later)
        unread = {s.path for s in report.failed if not s.sha256}
        self.unread = {p: self.unread.get(p, now) for p in unread if p in here}
        self.done = here


def watch(
    folder: Path, run: Run, *, every: float, workers: int | None, stop: threading.Event
) -> Iterator[RunReport | LabprocError]:
    """Yield what came of each run, for as long as ``stop`` is not set.

    The scan is the truth; file events only wake it early, since their queues overflow and network
    shares send none. An error (the disk is full, a sheet is half edited) is yielded, and tried
    again at the next look.

    Parameters
    ----------
    folder : Path
        The study.
    run : callable
        ``run_study`` or what wraps it; called with ``take`` and ``workers``.
    every : float
        Seconds between two looks.

    Raises
    ------
    DiskFailed
        If the disk did not keep what was written: what is in memory is no longer to be trusted.
    """
    raw = load_study(folder).raw
    looks, sheets = Looks(), _sheets(folder)
    with plain_disk_errors(raw):
        waiting = looks.first(raw, time.monotonic())
    outcome = _run(run, folder, looks, waiting, workers)
    yield outcome
    for _ in _ticks(raw, every, stop):
        began = time.monotonic()
        try:
            with plain_disk_errors(raw):
                ready, waiting = looks.look(raw, began)
                now = _sheets(folder)
        except LabprocError as error:  # a share that answers with errors
            yield error
            continue
        # thousands of files raise events without end: looking must not take all of the time
        stop.wait(min(every, REST * (time.monotonic() - began)))
        # what failed is tried again, whether or not anything has moved since
        if ready or now != sheets or isinstance(outcome, LabprocError):
            outcome = _run(run, folder, looks, waiting, workers)
            yield outcome
            sheets = now


def _run(
    run: Run, folder: Path, looks: Looks, waiting: set[str], workers: int | None
) -> RunReport | LabprocError:
    try:
        report = run(folder, workers=workers, take=looks.settled(waiting))
    except DiskFailed:
        raise
    except LabprocError as error:
        return error
    looks.processed(report, waiting, time.monotonic())
    return report


def _sheets(folder: Path) -> dict[str, int]:
    """Return when the study's settings and sheets were last written."""
    written = (path for path in folder.iterdir() if path.suffix in {".toml", ".csv", ".xlsx"})
    return {path.name: path.stat().st_mtime_ns for path in written if path.is_file()}


def _ticks(raw: Path, every: float, stop: threading.Event) -> Iterator[None]:
    """Yield now and then: at least every so often, earlier when something moves in the folder."""
    from watchfiles import watch as events

    while not stop.is_set():
        if not raw.is_dir():
            stop.wait(every)
            yield None
            continue
        for _ in events(
            raw,
            stop_event=stop,
            rust_timeout=int(every * 1000),
            yield_on_timeout=True,
            step=200,
            raise_interrupt=True,
        ):
            yield None
            if not raw.is_dir():
                break
