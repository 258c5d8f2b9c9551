"""What FlowJo counted beside what the imported gates hold, and why they differ where they do."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gating.channel_names import FILE, NONE
from gating.columns import Columns
from gating.engine import gate_tube
from gating.strategy import Step, Strategy
from gating.transforms import parse_transform
from labproc.errors import LabprocError, ParseError
from labproc.exchange.incoming.reading import Imported
from labproc.model import FlowTube, GateResult, Populations

BINS = 256  # FlowJo's gateResolution: outlines are decided on a plot of that many bins a side
WHOLE = "workspace"  # the workspace's matrix under a name that no workspace gives


@dataclass(frozen=True, slots=True)
class CountRow:
    """One population: FlowJo's count, ours, and what explains a difference.

    ``stored`` is None where FlowJo had not counted.
    """

    population: str
    parent: str
    stored: int | None
    found: int
    reasons: tuple[str, ...] = ()

    @property
    def difference(self) -> int | None:
        """Ours less FlowJo's; None where there is nothing to compare with."""
        return None if self.stored is None else self.found - self.stored


def find_fcs(places: Sequence[Path], imported: Imported) -> Path:
    """Return the FCS file of the tube that the gates were taken from.

    Raises
    ------
    ParseError
        If it is in none of the files and folders.
    """
    if imported.sample is None:
        if len(places) == 1 and places[0].is_file():
            return places[0]
        raise ParseError("--fcs: GatingML names no tube, expected one FCS file")
    wanted = imported.sample.file_name
    for place in places:
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        found = next((f for f in files if f.name.casefold() == wanted.casefold()), None)
        if found is not None and found.is_file():
            return found
    where = ", ".join(str(p) for p in places)
    raise ParseError(f"--fcs: {wanted} is not in {where}, expected the file of the gates' tube")


def compare_counts(imported: Imported, tube: FlowTube) -> tuple[CountRow, ...]:
    """Gate a tube by the imported strategy and hold every count against the stored one."""
    populations = gate_tube(tube, imported.strategy, draws=0)
    stored = {
        name: gate.count
        for step in imported.steps
        for name, gate in zip(step.populations, step.gates, strict=True)
    }
    rows: dict[str, CountRow] = {}
    doubts = _of_the_tube(imported, tube)
    variants = _Variants(imported, tube)
    for gate in populations:
        count = stored.get(gate.population)
        row = CountRow(gate.population, gate.parent, count, gate.n_events)
        if count is not None and row.difference:
            reasons = (*doubts, *_reasons(row, gate, rows.get(gate.parent), populations, variants))
            row = replace(row, reasons=reasons)
        rows[gate.population] = row
    return tuple(rows.values())


def _of_the_tube(imported: Imported, tube: FlowTube) -> list[str]:
    sample = imported.sample
    if sample is None or sample.n_events in (None, tube.events.n_events):
        return []
    return [f"FlowJo's file had {sample.n_events:,} events, this one has {tube.events.n_events:,}"]


def _reasons(
    row: CountRow,
    gate: GateResult,
    parent: CountRow | None,
    populations: Populations,
    variants: "_Variants",
) -> Iterable[str]:
    if row.stored == 0:
        yield "FlowJo stored 0, which it also writes where it has not counted yet"
        return
    explained = [v.words for v in variants.all() if v.counts.get(row.population) == row.stored]
    yield from (f"{words} gives FlowJo's number" for words in explained)
    if parent is not None and parent.difference:
        yield f"its parent {parent.population} differs by {parent.difference:+,}"
    if not explained:
        yield from _near(gate, populations, variants)


def _near(gate: GateResult, populations: Populations, variants: "_Variants") -> Iterable[str]:
    """Say how many events lie so near the outline that FlowJo's plot cannot tell the side."""
    if gate.boundary.kind not in ("polygon", "ellipse"):
        yield "not explained: another scale, matrix or version of the file is likely"
        return
    parent = populations.get(gate.parent)
    columns = [variants.columns.values(c) for c in gate.boundary.channels]
    shown = [
        np.asarray(parse_transform(s).forward(v), dtype=np.float64)
        for s, v in zip(gate.boundary.scales, columns, strict=True)
    ]
    n = _undecided(gate, shown, None if parent is None else parent.mask)
    yield (
        f"{n:,} events lie within one of FlowJo's {BINS} bins of the outline, where its plot "
        "decides by the bin"
    )


def _undecided(gate: GateResult, shown: Sequence[np.ndarray], parent: "np.ndarray | None") -> int:
    """Count the events that change sides when they are moved by half a bin."""
    from gating.geometry import in_ellipse, in_polygon

    rule = in_polygon if gate.boundary.kind == "polygon" else in_ellipse
    steps = [float(np.ptp(v)) / BINS / 2.0 if v.size else 0.0 for v in shown]
    scales = gate.boundary.scales
    steps = [
        s if spec == "linear" else 1.0 / BINS / 2.0 for s, spec in zip(steps, scales, strict=True)
    ]
    here = rule(shown[0], shown[1], gate.boundary.points)
    changed = np.zeros(here.shape, dtype=np.bool_)
    for x in (-steps[0], steps[0]):
        for y in (-steps[1], steps[1]):
            changed |= rule(shown[0] + x, shown[1] + y, gate.boundary.points) != here
    if parent is not None:
        changed &= parent
    return int(np.count_nonzero(changed))


@dataclass(frozen=True, slots=True)
class _Variant:
    """The same gates read in another way, and what they hold then."""

    words: str
    counts: Mapping[str, int]


class _Variants:
    """Other readings of the gates, worked out when the first count differs."""

    def __init__(self, imported: Imported, tube: FlowTube) -> None:
        self.imported = imported
        self.tube = tube
        self.columns = Columns(tube, imported.strategy.spillover(), imported.strategy.matrices)
        self._made: list[_Variant] | None = None

    def all(self) -> list[_Variant]:
        """Return every reading that this tube allows."""
        if self._made is None:
            self._made = [
                _Variant(words, counts)
                for words, change in self._changes()
                if (counts := self._counts(change)) is not None
            ]
        return self._made

    def _changes(self) -> Iterable[tuple[str, Callable[[Strategy], Strategy]]]:
        own = self.imported.strategy.compensation
        if own != FILE and self.tube.events.spillover is not None:
            yield "the file's own spillover", lambda s: replace(s, compensation=FILE)
        if own != NONE:
            yield "no compensation", lambda s: replace(s, compensation=NONE)
        matrix = self.imported.sample.matrix if self.imported.sample is not None else None
        if own == FILE and matrix is not None:
            matrices = {**self.imported.strategy.matrices, WHOLE: matrix.spillover}
            yield (
                "the workspace's matrix (this file states another)",
                lambda s: replace(s, compensation=WHOLE, matrices=matrices),
            )
        yield "events on upper limits counted in", lambda s: _stepped(s, _high_in)
        yield "events on lower limits left out", lambda s: _stepped(s, _low_out)
        yield "limits in single precision", lambda s: _stepped(s, _single)

    def _counts(self, change: Callable[[Strategy], Strategy]) -> dict[str, int] | None:
        try:
            made = gate_tube(self.tube, change(self.imported.strategy), draws=0)
        except LabprocError:
            return None  # the other matrix has channels that this file lacks
        return {g.population: g.n_events for g in made}


def _stepped(strategy: Strategy, change: Callable[[Step], Step]) -> Strategy:
    return replace(strategy, steps=tuple(change(s) for s in strategy.steps))


def _moved(step: Step, keys: Sequence[str], move: Callable[[float], float]) -> Step:
    if step.method not in ("box", "cross"):
        return step
    options = dict(step.options)
    for key in keys:
        if key in options:
            values = options[key]
            listed = values if isinstance(values, tuple) else (values,)
            options[key] = tuple(move(float(v)) for v in listed)
    return replace(step, options=options)


def _high_in(step: Step) -> Step:
    if step.method == "cross":
        return replace(step, options={**step.options, "line": "below"})
    return _moved(step, ["high"], lambda v: float(np.nextafter(v, np.inf)))


def _low_out(step: Step) -> Step:
    return _moved(step, ["low"], lambda v: float(np.nextafter(v, np.inf)) if v > -np.inf else v)


def _single(step: Step) -> Step:
    return _moved(step, ["low", "high", "at"], lambda v: float(np.float32(v)))
