"""Gates that were drawn elsewhere as the steps of a strategy: named, ordered, crosses found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gating.boundary import QUADRANTS
from gating.channel_names import NONE
from gating.columns import SCATTER
from labproc.errors import ParseError, SettingsError
from labproc.exchange.incoming.drawings import (
    Drawing,
    Drawings,
    Refused,
    Scale,
    unsayable,
)
from labproc.model import ROOT
from labproc.registry import nearest

MOST_GATES = 2_000  # a large tree has two hundred
BOOLEAN = ("within", "without", "any_of", "any_not")


@dataclass(frozen=True, slots=True)
class ImportedStep:
    """A step of the strategy to be: ``gates`` are the drawings it was made of, in order."""

    populations: tuple[str, ...]
    parent: str
    method: str
    channels: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    compensation: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    gates: tuple[Drawing, ...] = ()


def steps_of(
    drawings: Drawings, *, where: str, leave_out: bool = False
) -> tuple[tuple[ImportedStep, ...], tuple[Refused, ...]]:
    """Return the steps, parents first, and the gates that were left out.

    Raises
    ------
    ParseError
        If a gate cannot be said and nothing is to be left out; the message names it.
    """
    if len(drawings.gates) > MOST_GATES:
        raise ParseError(f"{where}: {len(drawings.gates)} gates, expected at most {MOST_GATES}")
    gates = [_checked(g) for g in drawings.gates]
    lost = _lost(gates)
    if lost and not leave_out:
        first, more = lost[0], len(lost) - 1
        others = f" ({more} more like it)" if more else ""
        raise ParseError(
            f"{where}: gate {first.name!r}: {first.reason}{others}; "
            "--leave-out imports the rest without it and what rests on it"
        )
    gone = {r.id for r in lost}
    kept = [g for g in gates if isinstance(g, Drawing) and g.id not in gone]
    if not kept:
        raise ParseError(f"{where}: no gate to import, expected at least one")
    names = _names(gates)
    steps = [_step(g, names, drawings.compensation) for g in _in_order(kept, where)]
    return tuple(_crosses(steps)), tuple(lost)


def _checked(gate: Drawing | Refused) -> Drawing | Refused:
    reason = unsayable(gate) if isinstance(gate, Drawing) else ""
    return Refused(gate.id, gate.name, gate.parent, reason) if reason else gate


def renamed(
    steps: Sequence[ImportedStep], names: Mapping[str, str], *, where: str
) -> tuple[ImportedStep, ...]:
    """Return the steps with some populations called otherwise, wherever they are named.

    Raises
    ------
    SettingsError
        If there is no population of an old name, or two would have one name.
    """
    known = [p for s in steps for p in s.populations]
    for old in names:
        if old not in known:
            raise SettingsError(f"{where}: --rename: no population {old!r}; {nearest(old, known)}")
    now = [names.get(p, p) for p in known]
    twice = next((n for n in now if now.count(n) > 1 or n == ROOT), None)
    if twice is not None:
        raise SettingsError(f"{where}: --rename: {twice!r} is taken, expected another name")
    return tuple(
        replace(
            s,
            populations=tuple(names.get(p, p) for p in s.populations),
            parent=names.get(s.parent, s.parent),
            options={
                key: [names.get(n, n) for n in value] if key in BOOLEAN else value
                for key, value in s.options.items()
            },
        )
        for s in steps
    )


def _lost(gates: Sequence[Drawing | Refused]) -> list[Refused]:
    """Return the gates that cannot be said, and those that rest on them."""
    lost = {g.id: g for g in gates if isinstance(g, Refused)}
    known = {g.id for g in gates}
    grew = True
    while grew:
        grew = False
        for gate in gates:
            needs = [] if isinstance(gate, Refused) else _needs(gate)
            missing = next((n for n in needs if n in lost or n not in known), None)
            if gate.id not in lost and missing is not None:
                reason = f"it rests on {missing!r}, which is not imported"
                lost[gate.id] = Refused(gate.id, gate.name, gate.parent, reason)
                grew = True
    return list(lost.values())


def _needs(gate: Drawing) -> list[str]:
    named = [n for option in BOOLEAN for n in gate.options.get(option, ())]
    return [*([gate.parent] if gate.parent else []), *named]


def _names(gates: Iterable[Drawing | Refused]) -> dict[str, str]:
    """Return a name of its own for every gate: as short a piece of its path as tells it apart."""
    listed = list(gates)
    paths = {g.id: _path(g, {o.id: o for o in listed}) for g in listed}
    names: dict[str, str] = {"": ROOT}
    taken = {ROOT.casefold()}
    for gate in listed:
        path = paths[gate.id]
        same = [p for i, p in paths.items() if i != gate.id and p[-1] == path[-1]]
        depth = next((d for d in range(1, len(path)) if not _shared(path, same, d)), len(path))
        name = wanted = "/".join(path[-depth:])
        number = 2
        while name.casefold() in taken:
            name, number = f"{wanted} ({number})", number + 1
        taken.add(name.casefold())
        names[gate.id] = name
    return names


def _shared(path: Sequence[str], others: Sequence[Sequence[str]], depth: int) -> bool:
    return any(list(o[-depth:]) == list(path[-depth:]) for o in others)


def _path(gate: Drawing | Refused, by_id: Mapping[str, Drawing | Refused]) -> list[str]:
    path = [_clean(gate.name)]
    while gate.parent in by_id and len(path) < len(by_id):
        gate = by_id[gate.parent]
        path.insert(0, _clean(gate.name))
    return path


def _clean(name: str) -> str:
    """Return a name on one line, without characters that cannot be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split()) or "unnamed"


def _in_order(gates: Sequence[Drawing], where: str) -> list[Drawing]:
    """Return the gates after all they rest on, else in the order they came in."""
    waiting, done, ordered = list(gates), {""}, []
    while waiting:
        ready = next((g for g in waiting if all(n in done for n in _needs(g))), None)
        if ready is None:
            names = ", ".join(repr(g.name) for g in waiting[:3])
            raise ParseError(f"{where}: gates {names} rest on each other, expected a tree")
        waiting.remove(ready)
        done.add(ready.id)
        ordered.append(ready)
    return ordered


def _step(gate: Drawing, names: Mapping[str, str], default: str) -> ImportedStep:
    options = {
        key: [names[n] for n in value] if key in BOOLEAN else value
        for key, value in gate.options.items()
        if not (key in BOOLEAN and not value)
    }
    words = [_compensation(a.channel, a.compensation, default) for a in gate.axes]
    return ImportedStep(
        populations=(names[gate.id],),
        parent=names[gate.parent],
        method=gate.method,
        channels=tuple(a.channel for a in gate.axes),
        scales=_scales(gate),
        compensation=() if all(w == default for w in words) else tuple(words),
        options=options,
        gates=(gate,),
    )


def _scales(gate: Drawing) -> tuple[str, ...]:
    """Return the scales that were said; limits without one are shown on what fits the channel."""
    is_outline = gate.method not in ("box", "boolean")
    if not is_outline and all(a.scale == Scale() for a in gate.axes):
        return ()
    return tuple(a.scale.transform.spec for a in gate.axes)


def _compensation(channel: str, word: str, default: str) -> str:
    """Return how a channel is compensated; for scatter and time it is all the same."""
    plain = channel.removeprefix("ratio(").casefold()
    return default if word == NONE and plain.startswith(SCATTER) else word


def _crosses(steps: Sequence[ImportedStep]) -> list[ImportedStep]:
    """Bring four boxes around one point together: a cross, to be seen and moved as one."""
    made: list[ImportedStep] = []
    used: set[int] = set()
    for k, step in enumerate(steps):
        if k in used:
            continue
        corners = {q: i for i in range(k, len(steps)) if (q := _corner(steps[i], step)) is not None}
        if len(corners) == len(QUADRANTS) and corners[_key(step)] == k:
            four = [steps[corners[q]] for q in QUADRANTS]
            used.update(corners.values())
            made.append(_cross(four))
        else:
            made.append(step)
    return made


def _key(step: ImportedStep) -> tuple[bool, bool]:
    low = step.options["low"]
    return bool(np.isfinite(low[0])), bool(np.isfinite(low[1]))


def _corner(step: ImportedStep, first: ImportedStep) -> tuple[bool, bool] | None:
    """Return which quadrant of the first box's point a box is; None if it is none."""
    alike = ("parent", "method", "channels", "scales", "compensation")
    if step.method != "box" or any(getattr(step, a) != getattr(first, a) for a in alike):
        return None
    at, own = _point(step), _point(first)
    if at is None or at != own or "side" in step.options:
        return None
    return _key(step)


def _point(step: ImportedStep) -> tuple[float, float] | None:
    """Return the point of a box of two channels that has one limit on each."""
    low, high = step.options["low"], step.options["high"]
    limits = [[v for v in pair if np.isfinite(v)] for pair in zip(low, high, strict=True)]
    if len(limits) != 2 or any(len(v) != 1 for v in limits):
        return None
    return float(limits[0][0]), float(limits[1][0])


def _cross(four: Sequence[ImportedStep]) -> ImportedStep:
    at = _point(four[0])
    return replace(
        four[0],
        populations=tuple(s.populations[0] for s in four),
        method="cross",
        options={"at": list(at or ()), "line": "above"},
        gates=tuple(s.gates[0] for s in four),
    )
