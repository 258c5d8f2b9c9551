"""A study folder as the review app works on it: read again when its store has changed."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboards.desk import Points
from labproc.errors import LabprocError, UnknownName
from labproc.exchange._flowjo_keep import KeptTable
from labproc.exchange._flowjo_table import Pair
from labproc.formats.drafts import write_whole
from labproc.model import Measurement
from labproc.pipeline.earlier import Moment
from labproc.pipeline.results import Results, TubeView
from labproc.pipeline.setup import SheetLine
from labproc.study.sheet_edit import Cells, Problem
from labproc.wording import counted

MOST_HELD = 6  # tubes kept in memory, some 10 MB each
REPORT_AFTER_S = 2.0  # a reviewer saves several gates in a row


@dataclass
class StudyDesk:
    """A study folder; its results are read again when its store has changed."""

    folder: Path
    shows_siblings: bool = True  # not where people log in: they may not see other studies
    _doing: str = field(default="", repr=False)
    _held: Results | None = field(default=None, repr=False)
    _seen: str = field(default="", repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _reading: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _tubes: dict[str, Any] = field(default_factory=dict, repr=False)
    _saving: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _keeping: threading.Lock = field(default_factory=threading.Lock, repr=False)
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

    def _keep(self, results: Results) -> None:
        """Keep results that a change has just computed, unless another change came in between."""
        with self._lock:
            seen = self.version()
            if results.audit_head == self._head():
                self._held, self._seen = results, seen

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
            self._keep(save_gates(self.folder, sha256s, population, points, who=who, reason=reason))
        self._write_report()

    def decide(self, sha256: str, verdict: str, *, who: str, reason: str) -> None:
        """Store a verdict on a tube."""
        from labproc.pipeline.review import decide

        with self._saving:
            decide(self.folder, sha256, verdict, who=who, reason=reason)
        self._write_report()

    def omit(
        self, sha256: str, wells: Sequence[str], *, who: str, reason: str, omitted: bool = True
    ) -> None:
        """Take wells out of a run, or back into it."""
        from labproc.pipeline.omit import omit_wells

        with self._saving:
            self._keep(
                omit_wells(self.folder, sha256, wells, who=who, reason=reason, omitted=omitted)
            )
        self._write_report()

    def sign(
        self, sha256s: Sequence[str], meaning: str, *, who: str, password: str, reason: str
    ) -> int:
        """Sign files' results."""
        from labproc.pipeline.signing import sign_files

        signed = sign_files(
            self.folder, sha256s, meaning, who=who, password=password, reason=reason
        )
        self._write_report()
        return len(signed)

    def withdraw(self, sha256s: Sequence[str], *, who: str, password: str, reason: str) -> int:
        """Take signatures back."""
        from labproc.pipeline.signing import withdraw_files

        taken = withdraw_files(self.folder, sha256s, who=who, password=password, reason=reason)
        self._write_report()
        return len(taken)

    def sheet(self) -> list[SheetLine]:
        """Return every file and every row of samples.csv."""
        from labproc.pipeline.setup import sheet_lines

        return sheet_lines(self.folder)

    def check(self, rows: Sequence[Cells]) -> list[Problem]:
        """Return every cell of a sheet that cannot be used."""
        from labproc.pipeline.setup import check_rows

        return check_rows(self.folder, rows)

    def save_sheet(self, rows: Sequence[Cells], *, who: str, reason: str) -> int:
        """Write samples.csv and compute what depends on it."""
        from labproc.pipeline.setup import save_rows

        with self._saving:
            n = save_rows(self.folder, rows, who=who, reason=reason)
        self._run_later()
        return n

    def settings(self) -> dict[str, Any]:
        """Return study.toml as plain values."""
        from labproc.study.toml_edit import read_values

        return read_values(self.folder)

    def save_settings(
        self, changes: Mapping[tuple[str, ...], Any], *, who: str, reason: str
    ) -> None:
        """Change study.toml and compute what depends on it."""
        from labproc.pipeline.setup import save_settings

        with self._saving:
            save_settings(self.folder, changes, who=who, reason=reason)
        self._run_later()

    def moments(self) -> list[Moment]:
        """Return the times that the study can be compared with."""
        from labproc.pipeline.earlier import moments

        return moments(self.folder)

    def siblings(self) -> list[str]:
        """Return the names of the studies beside this one."""
        from labproc.pipeline.earlier import siblings

        return list(siblings(self.folder)) if self.shows_siblings else []

    def before(self, chosen: str) -> Results:
        """Return an earlier state of the study, or a study beside it; only what is offered."""
        from labproc.pipeline.earlier import results_as_of, results_of_sibling

        kind, _, name = chosen.partition(" ")
        if kind == "study" and name in self.siblings():
            return results_of_sibling(self.folder, name)
        if kind == "at" and any(m.at == name for m in self.moments()):
            return results_as_of(self.folder, name)
        if chosen != "first":
            raise UnknownName(f"no earlier state {chosen[:60]!r}; choose one of the list")
        return results_as_of(self.folder, "")

    def flowjo(self) -> tuple[list[Pair], list[str]]:
        """Return FlowJo's percentages beside ours."""
        from labproc.exchange._flowjo_table import beside_ours, find_table, read_flowjo_table

        path = find_table(self.folder)
        return ([], []) if path is None else beside_ours(self.results(), read_flowjo_table(path))

    def keep_flowjo(self, name: str, content: bytes, *, who: str) -> KeptTable:
        """Read FlowJo's table and keep it; one at a time, so that none replaces another unseen."""
        from labproc.exchange._flowjo_keep import keep_flowjo_table

        with self._keeping:
            return keep_flowjo_table(self.folder, name, content, who=who)

    def working(self) -> str:
        """Return what is being computed beside the answers."""
        return self._doing

    def _run_later(self) -> None:
        self._doing = "computing what depends on it …"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        """Run the study; what goes wrong is said where the progress was."""
        from labproc.pipeline.runner import run_study

        def told(done: int, total: int, _path: str) -> None:
            self._doing = f"computing what depends on it: {done} of {counted(total, 'file')} …"

        try:
            with self._saving:
                run_study(self.folder, progress=told)
        except (LabprocError, OSError) as error:
            self._doing = f"✕ {error}"
            return
        self._doing = ""
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

        time.sleep(REPORT_AFTER_S)
        self._stale.clear()
        try:
            write_whole(self.folder / "results" / "report.html", build_report(self.results()))
        except (LabprocError, OSError) as error:  # the old report stays
            logging.getLogger(__name__).warning("report.html was not written: %s", error)


def _stamp(path: Path) -> str:
    """Return a file's time and size as a word; nothing for one that is empty or not there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ""
    return f"{found.st_mtime_ns:x}.{found.st_size:x} " if found.st_size else ""
