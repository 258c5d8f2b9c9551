"""The state of one tube on its way through the steps of a strategy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating._moved import Moved
from gating.channel_names import tagged
from gating.columns import Columns
from gating.controls import Control
from gating.panel import find_channel
from gating.strategy import Step, Strategy
from labproc.errors import StrategyError
from labproc.model import ROOT, GateResult

Rows = NDArray[Any]  # event numbers, or a mask where numbers would be too big
MANY = 1_000_000  # events; from here on memory counts for more than time


@dataclass(slots=True)
class Run:
    """The state of one tube on its way through the steps."""

    columns: Columns
    markers: Mapping[str, str]
    controls: tuple[Control, ...] = ()
    moved: Moved = field(default_factory=dict)
    draws: int = 0
    seed: int = 0
    rows: dict[str, Rows | None] = field(default_factory=lambda: {ROOT: None})
    masks: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=lambda: {ROOT: ROOT})
    gates: list[GateResult] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    shared: Moved = field(default_factory=dict)

    @property
    def n_events(self) -> int:
        """Events of the tube."""
        return self.columns.events.n_events

    def parent(self, name: str) -> str:
        """Return the population, or the nearest ancestor that was gated."""
        while name != ROOT and name not in self.masks:
            name = self.parents[name]
        return name

    def where(self, population: str) -> Rows | None:
        """Return which events a population holds; None for all events."""
        if population not in self.rows:
            whole = self.sizes[population] == self.n_events
            mask = self.masks[population]
            few = self.n_events < MANY
            self.rows[population] = None if whole else np.flatnonzero(mask) if few else mask
        return self.rows[population]

    def take(self, channel: str, parent: str) -> NDArray[Any]:
        """Return one channel's values of a population's events."""
        values, rows = self.columns.values(channel), self.where(parent)
        return values if rows is None else values[rows]

    def size(self, population: str) -> int:
        """Return how many events a population holds."""
        return self.n_events if population == ROOT else self.sizes[population]


def find_channels(run: Run, strategy: Strategy, step: Step) -> tuple[str, ...] | None:
    """Find the step's channels; None (and a note) where an optional step has none."""
    events = run.columns.events
    missing = ""
    for words in filter(None, (step.channels, step.or_channels)):
        found = [find_channel(w, events, run.markers) for w in words]
        if None not in found:
            found = _compensated(found, strategy, step)
            watched = [find_channel(w, events, run.markers) for w in step.watch]
            return tuple(dict.fromkeys(f for f in (*found, *watched) if f))
        missing = missing or words[found.index(None)]
    missing = missing or _missing_population(run, step)
    if not missing:
        return ()
    if not step.optional:
        has = ", ".join(f"{c.name} {c.label}".strip() for c in events.channels)
        raise StrategyError(
            f"strategy {strategy.name}, step {step.populations[0]!r}: no channel {missing!r} "
            f"(has: {has}); name it with {missing}=CHANNEL"
        )
    run.left_out.update(dict.fromkeys(step.populations, f"no {missing} in the panel"))
    return None


def _compensated(found: Sequence[str | None], strategy: Strategy, step: Step) -> list[str | None]:
    """Name the compensation behind the channels that a step compensates in a way of its own."""
    words = step.compensation * len(found) if len(step.compensation) == 1 else step.compensation
    if len(words) != len(found):
        return list(found)
    own = ["" if w == strategy.compensation else w for w in words]
    return [tagged(f, w) if f else f for f, w in zip(found, own, strict=True)]


def _missing_population(run: Run, step: Step) -> str:
    for option in ("within", "without", "any_of", "any_not"):
        named = step.options.get(option, ())
        for name in (named,) if isinstance(named, str) else tuple(named):  # type: ignore[arg-type]
            if name in run.left_out:
                return str(name)
    return ""
