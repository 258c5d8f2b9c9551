"""Watch a study: look, wait until files have settled, run, go on."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from labproc.errors import LabprocError
from labproc.intake import Seen, is_complete, quiet_s, scan
from labproc.pipeline.runner import RunReport
from labproc.study import load_study

GIVE_UP_S = 600.0  # a file that is incomplete for so long is read, and refused with its reason
Run = Callable[..., RunReport]


@dataclass
class Looks:
    """What was seen when: which files have stopped changing, and which are new since a run."""

    since: dict[str, float] = field(default_factory=dict)
    states: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    done: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def look(self, raw: Path, now: float) -> tuple[set[str], set[str]]:
        """Return the paths that are ready to be processed and those that are not yet."""
        seen = scan(raw)
        for one in seen:
            if self.states.get(one.path) != one.state:
                self.states[one.path], self.since[one.path] = one.state, now
        news = [s for s in seen if self.done.get(s.path) != s.state]
        ready = {s.path for s in news if self._is_ready(raw, s, now)}
        gone = set(self.done) - {s.path for s in seen}
        return ready | (gone if seen else set()), {s.path for s in news} - ready

    def _is_ready(self, raw: Path, seen: Seen, now: float) -> bool:
        """Whether a file has been the same for its quiet time and is whole by its own format."""
        still = now - self.since[seen.path]
        if still < quiet_s(seen.path):
            return False
        return seen.size <= 0 or still > GIVE_UP_S or is_complete(raw / seen.path)

    def processed(self, waiting: set[str]) -> None:
        """Record that everything seen but the waiting was processed as it was."""
        self.done = {p: s for p, s in self.states.items() if p not in waiting}


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
        ``run_study`` or what wraps it; called with ``hold`` and ``workers``.
    every : float
        Seconds between two looks.
    """
    raw = load_study(folder).raw
    looks, sheets = Looks(), _sheets(folder)
    looks.look(raw, time.monotonic())
    yield _run(run, folder, looks, set(), workers, hold=None)
    for _ in _ticks(raw, every, stop):
        ready, waiting = looks.look(raw, time.monotonic())
        now = _sheets(folder)
        if ready or now != sheets:
            yield _run(run, folder, looks, waiting, workers, hold=frozenset(waiting))
            sheets = now


def _run(
    run: Run,
    folder: Path,
    looks: Looks,
    waiting: set[str],
    workers: int | None,
    *,
    hold: frozenset[str] | None,
) -> RunReport | LabprocError:
    try:
        report = run(folder, workers=workers, hold=hold)
    except LabprocError as error:
        return error
    looks.processed(waiting | {status.path for status in report.waiting})
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
