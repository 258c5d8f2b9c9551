"""The state of one tube on its way through the steps of a strategy."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from gating._moved import Moved, Shared
from gating.channel_names import tagged
from gating.columns import Columns, Rows
from gating.controls import Control
from gating.panel import find_channel
from gating.strategy import Step, Strategy
from labproc.errors import StrategyError
from labproc.model import ROOT, GateResult

MANY = 1_000_000  # events; from here on memory counts for more than time
HELD = 2  # channels of so many events that are held together


@dataclass(frozen=True, slots=True)
class Lazily(Sequence[NDArray[Any]]):
    """Arrays made each time one is asked for, so that of many large ones a single one is held."""

    made: tuple[Callable[[], NDArray[Any]], ...]

    def __len__(self) -> int:
        return len(self.made)

    @overload
    def __getitem__(self, at: int) -> NDArray[Any]: ...

    @overload
    def __getitem__(self, at: slice) -> "Lazily": ...

    def __getitem__(self, at: int | slice) -> "NDArray[Any] | Lazily":
        return Lazily(self.made[at]) if isinstance(at, slice) else self.made[at]()


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
    shared: Shared = field(default_factory=dict)
    found: dict[str, str | None] = field(default_factory=dict)

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
        return self.columns.of_rows(channel, self.where(parent))

    def take_all(self, channels: Sequence[str], parent: str) -> Sequence[NDArray[Any]]:
        """Return several channels' values of a population's events."""
        if self.n_events < MANY or len(channels) <= HELD:
            self.columns.gather(channels)
            return tuple(self.take(c, parent) for c in channels)
        return Lazily(tuple(partial(self.take, c, parent) for c in channels))

    def forget(self, needed: Collection[str]) -> None:
        """Let go of the event numbers of populations that no later step starts from."""
        self.rows = {p: rows for p, rows in self.rows.items() if p == ROOT or p in needed}

    def channel(self, word: str) -> str | None:
        """Return the channel of a role, marker or detector; None where the panel has none."""
        if word not in self.found:
            self.found[word] = find_channel(word, self.columns.events, self.markers)
        return self.found[word]

    def size(self, population: str) -> int:
        """Return how many events a population holds."""
        return self.n_events if population == ROOT else self.sizes[population]


def spread(
    masks: Sequence[NDArray[np.bool_]], rows: Rows | None, n_events: int
) -> list[NDArray[np.bool_]]:
    """Return masks over a parent's events as masks over all events, up to eight in one go."""
    if rows is None:
        return [np.asarray(m, dtype=np.bool_) for m in masks]
    if len(masks) == 1:
        one = np.zeros(n_events, dtype=np.bool_)
        one[rows] = masks[0]
        return [one]
    bits = np.zeros(masks[0].size, dtype=np.uint8)
    for k, mask in enumerate(masks):
        bits |= np.asarray(mask, dtype=np.bool_).view(np.uint8) * np.uint8(1 << k)  # faster than <<
    everywhere = np.zeros(n_events, dtype=np.uint8)
    everywhere[rows] = bits
    return [(everywhere & np.uint8(1 << k)).astype(np.bool_) for k in range(len(masks))]


def find_channels(run: Run, strategy: Strategy, step: Step) -> tuple[str, ...] | None:
    """Find the step's channels; None (and a note) where an optional step has none."""
    missing = ""
    for words in filter(None, (step.channels, step.or_channels)):
        found = [run.channel(w) for w in words]
        if None not in found:
            found = _compensated(found, strategy, step)
            watched = [run.channel(w) for w in step.watch]
            return tuple(dict.fromkeys(f for f in (*found, *watched) if f))
        missing = missing or words[found.index(None)]
    missing = missing or _missing_population(run, step)
    if not missing:
        return ()
    if not step.optional:
        has = ", ".join(f"{c.name} {c.label}".strip() for c in run.columns.events.channels)
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
        for name in step.names(option):
            if name in run.left_out:
                return name
    return ""
