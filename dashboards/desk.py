"""What the review app works on: a study's results, and the four things a reviewer does to them."""

import logging
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from labproc.errors import LabprocError, UnknownName
from labproc.model import Measurement
from labproc.pipeline.results import GateView, Results, TubeView

Points = Sequence[Sequence[float]]
MOST_HELD = 6  # tubes kept in memory, some 10 MB each
REPORT_AFTER_S = 2.0  # a reviewer saves several gates in a row
SHORT = 16  # digits of a SHA-256 that name a file in addresses and on screens


class Desk(Protocol):
    """A study as the app sees it."""

    def results(self) -> Results:
        """Return the study's results as they stand now."""

    def version(self) -> str:
        """Return a word that changes whenever the results do."""

    def hold(self, tube: TubeView) -> None:
        """Make ready for a tube's first drag."""

    def quick(self, tube: TubeView, population: str, points: Points) -> TubeView:
        """Return the tube with one gate moved and every other outline kept, at once."""

    def preview(self, sha256: str, population: str, points: Points) -> TubeView:
        """Return the tube as it would be with this gate, all below it placed anew."""

    def measured(self, sha256: str, population: str, points: Points) -> tuple[Measurement, ...]:
        """Return the tube's measurements as they would be with this gate."""

    def save(
        self, sha256s: Sequence[str], population: str, points: Points | None,
        *, who: str, reason: str,
    ) -> None:  # fmt: skip
        """Store the gate of these tubes as a new version and compute all that rests on it.

        Without points the gate is automatic again.
        """

    def decide(self, sha256: str, verdict: str, *, who: str, reason: str) -> None:
        """Store that a tube was accepted or rejected, and why."""

    def audit(self) -> list[dict[str, str]]:
        """Return every change, the first one first."""


@dataclass
class StudyDesk:
    """A study folder; its results are read again when its store has changed."""

    folder: Path
    _held: Results | None = field(default=None, repr=False)
    _seen: str = field(default="", repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _reading: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _tubes: dict[str, Any] = field(default_factory=dict, repr=False)
    _saving: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _stale: threading.Event = field(default_factory=threading.Event, repr=False)

    def version(self) -> str:
        """Return the sizes and times of the store's files as one word.

        SQLite makes an empty -wal file for every reader and takes it away again: it says nothing.
        A store that is not a file is asked for the head of its audit chain.
        """
        main = _stamp(self.folder / "results" / "labproc.sqlite")
        return (
            main + _stamp(self.folder / "results" / "labproc.sqlite-wal") if main else self._head()
        )

    def _head(self) -> str:
        from labproc.store import Store
        from labproc.study import load_study

        with Store.open(load_study(self.folder).store_url) as store:
            return store.audit_head()

    def results(self) -> Results:
        """Return the study's results, from memory while the store has not changed."""
        from labproc.pipeline.runner import load_results

        with self._lock:
            now = self.version()
            if self._held is None or now != self._seen:
                self._held, self._seen = load_results(self.folder), self.version()
            return self._held

    def hold(self, tube: TubeView) -> None:
        """Read and gate a tube beside the answers."""
        threading.Thread(target=self._holding, args=(tube,), daemon=True).start()

    def quick(self, tube: TubeView, population: str, points: Points) -> TubeView:
        """Return the tube with one gate moved and every other outline kept."""
        from labproc.pipeline.quick import quick_gate

        return quick_gate(self._holding(tube), tube, population, points)

    def _holding(self, tube: TubeView) -> Any:
        """Return a tube as it is kept in memory, the last few that were looked at."""
        from labproc.pipeline.quick import hold

        key = f"{tube.source.sha256} {self.version()}"
        with self._reading:
            if key not in self._tubes:
                self._tubes[key] = hold(self.folder, tube)
                while len(self._tubes) > MOST_HELD:
                    self._tubes.pop(next(iter(self._tubes)))
            return self._tubes[key]

    def preview(self, sha256: str, population: str, points: Points) -> TubeView:
        """Return the tube as it would be with this gate."""
        from labproc.pipeline.review import preview_gate

        return preview_gate(self.folder, sha256, population, points)

    def measured(self, sha256: str, population: str, points: Points) -> tuple[Measurement, ...]:
        """Return the tube's measurements as they would be with this gate."""
        from labproc.pipeline.review import preview_measurements

        return preview_measurements(self.folder, sha256, population, points)

    def save(
        self, sha256s: Sequence[str], population: str, points: Points | None,
        *, who: str, reason: str,
    ) -> None:  # fmt: skip
        """Store the gate of these tubes as a new version; the report follows by itself."""
        from labproc.pipeline.review import save_gates

        with self._saving:
            save_gates(self.folder, sha256s, population, points, who=who, reason=reason)
        self._write_report()

    def decide(self, sha256: str, verdict: str, *, who: str, reason: str) -> None:
        """Store a verdict on a tube."""
        from labproc.pipeline.review import decide

        decide(self.folder, sha256, verdict, who=who, reason=reason)
        self._write_report()

    def audit(self) -> list[dict[str, str]]:
        """Return every change."""
        from labproc.pipeline.review import audit_rows

        return audit_rows(self.folder)

    def _write_report(self) -> None:
        """Write the report again, beside the answers; several changes in a row write it once."""
        if not self._stale.is_set():
            self._stale.set()
            threading.Thread(target=self._refresh, daemon=True).start()

    def _refresh(self) -> None:
        from dashboards.report import build_report

        path = self.folder / "results" / "report.html"
        draft = path.with_name(f".report.{os.getpid()}.html")
        time.sleep(REPORT_AFTER_S)
        self._stale.clear()
        try:
            draft.write_text(build_report(self.results()), encoding="utf-8")
            draft.replace(path)
        except (LabprocError, OSError) as error:  # the old report stays
            logging.getLogger(__name__).warning("report.html was not written: %s", error)


def _stamp(path: Path) -> str:
    """Return a file's time and size as a word; nothing for one that is empty or not there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ""
    return f"{found.st_mtime_ns:x}.{found.st_size:x} " if found.st_size else ""


def tube_of(results: Results, name: str) -> TubeView:
    """Return the tube of a file, by the first digits of its SHA-256.

    Raises
    ------
    UnknownName
        If the study has no such tube, or the digits are too few to name one.
    """
    found = [t for t in results.tubes if len(name) >= SHORT and t.source.sha256.startswith(name)]
    if not found:
        raise UnknownName(f"no tube {name!r} in this study; it may have been replaced")
    return found[0]


def gate_of(tube: TubeView, population: str) -> GateView:
    """Return one gate of a tube; the gate that most needs a look where none is named."""
    named = [g for g in tube.every_gate if g.population == population]
    if named:
        return named[0]
    gates = tube.gates or tube.every_gate
    if not gates:
        raise UnknownName(f"{tube.key.label}: no gate was drawn in this tube")
    worst = max(gates, key=lambda g: max((f.severity.rank for f in g.flags), default=-1))
    positive = next((g for g in gates if g.population == "CAR+"), gates[-1])
    return worst if worst.flags else positive


def group_of(results: Results, tube: TubeView, population: str, scope: str) -> list[TubeView]:
    """Return the tubes a gate applies to: this one, its donor and day, or its whole panel.

    A CAR threshold is that of a donor and a day and serves both arms, so that the gate cannot
    follow the treatment.
    """
    if scope == "tube":
        return [tube]
    alike = [t for t in results.tubes if t.key.panel == tube.key.panel]
    alike = [t for t in alike if any(g.population == population for g in t.gates)]
    if scope == "day":
        place = (tube.key.donor, tube.key.experiment, tube.key.day)
        alike = [t for t in alike if (t.key.donor, t.key.experiment, t.key.day) == place]
    return alike
