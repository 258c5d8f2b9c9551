"""What the review app works on: a study's results, and what a reviewer does to them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from labproc.errors import UnknownName
from labproc.exchange._flowjo_keep import KeptTable
from labproc.exchange._flowjo_table import Pair
from labproc.model import Measurement
from labproc.pipeline.earlier import Moment
from labproc.pipeline.results import GateView, PlateView, Results, TubeView
from labproc.pipeline.setup import SheetLine
from labproc.study.sheet_edit import Cells, Problem

Points = Sequence[Sequence[float]]
View = TypeVar("View", TubeView, PlateView)
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

    def omit(
        self, sha256: str, wells: Sequence[str], *, who: str, reason: str, omitted: bool = True
    ) -> None:
        """Take wells out of a qPCR run, or back into it, and compute all that rests on it."""

    def sign(
        self, sha256s: Sequence[str], meaning: str, *, who: str, password: str, reason: str
    ) -> int:
        """Sign files' results, all or none; return how many."""

    def withdraw(self, sha256s: Sequence[str], *, who: str, password: str, reason: str) -> int:
        """Take files' signatures back, all or none; return how many."""

    def sheet(self) -> list[SheetLine]:
        """Return every file and every row of samples.csv, the unassigned first."""

    def check(self, rows: Sequence[Cells]) -> list[Problem]:
        """Return every cell of a sheet that cannot be used."""

    def save_sheet(self, rows: Sequence[Cells], *, who: str, reason: str) -> int:
        """Write samples.csv; what depends on it is computed beside the answers."""

    def settings(self) -> dict[str, Any]:
        """Return study.toml as plain values, empty where there is none yet."""

    def save_settings(
        self, changes: Mapping[tuple[str, ...], Any], *, who: str, reason: str
    ) -> None:
        """Change study.toml; what depends on it is computed beside the answers."""

    def moments(self) -> list[Moment]:
        """Return the times that the study can be compared with, the newest first."""

    def siblings(self) -> list[str]:
        """Return the names of the studies beside this one."""

    def before(self, chosen: str) -> Results:
        """Return ``first``, ``at TIME`` or ``study NAME``, of those that are offered."""

    def flowjo(self) -> tuple[list[Pair], list[str]]:
        """Return FlowJo's percentages beside ours, and those without a partner."""

    def keep_flowjo(self, name: str, content: bytes, *, who: str) -> KeptTable:
        """Read FlowJo's table and keep it for the comparison; an earlier one is set aside."""

    def working(self) -> str:
        """Return what is being computed beside the answers, or what kept it from that."""

    def audit(self) -> list[dict[str, str]]:
        """Return every change, the first one first."""


def tube_of(results: Results, name: str) -> TubeView:
    """Return the tube of a file, by the first digits of its SHA-256.

    Raises
    ------
    UnknownName
        If the study has no such tube, or the digits are too few to name one.
    """
    return _of_file(results.tubes, name, "tube")


def plate_of(results: Results, name: str) -> PlateView:
    """Return the qPCR run of a file, by the first digits of its SHA-256.

    Raises
    ------
    UnknownName
        If the study has no such run, or the digits are too few to name one.
    """
    return _of_file(results.plates, name, "plate")


def _of_file(views: Sequence[View], name: str, kind: str) -> View:
    found = [v for v in views if len(name) >= SHORT and v.source.sha256.startswith(name)]
    if not found:
        raise UnknownName(f"no {kind} {name!r} in this study; it may have been replaced")
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
