"""Booleans of gates as FlowJo has them: one rule a population, members by their path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from labproc.errors import LabprocError
from labproc.exchange._flowjo_outlines import add
from labproc.exchange._gates import Logic


@dataclass(frozen=True, slots=True)
class Place:
    """Where a population stands: its element, its gate's id, the names down to it."""

    node: Any
    id: str = ""
    path: tuple[str, ...] = ()


def named(population: str) -> str:
    """Return a name that a path can hold: FlowJo takes a slash for the next population."""
    return population.replace("/", "_")


def single_booleans(gate: Logic) -> Iterator[Logic]:
    """Yield populations of one rule each, the last being the gate: not, and, or."""
    if not gate.named:
        raise LabprocError(f"{gate.name}: a boolean of no other gate, expected at least one")
    every, some = list(gate.within), list(gate.any_of)
    if len(gate.without) == 1 and len(gate.named) == 1:
        yield gate
        return
    for names, members in ((gate.without, every), (gate.any_not, some)):
        for name in names:
            outside = Logic(f"{gate.name}: not {name}", gate.parent, without=(name,))
            yield outside
            members.append(outside.name)
    if every and some:
        union = Logic(f"{gate.name}: any", gate.parent, any_of=tuple(some))
        yield union
        every, some = [*every, union.name], []
    yield replace(gate, within=tuple(every), any_of=tuple(some), without=(), any_not=())


def boolean(below: Any, gate: Logic, places: Mapping[str, Place]) -> Any:
    """Write a boolean of one rule and return its element."""
    tag = "NotNode" if gate.without else "OrNode" if gate.any_of else "AndNode"
    node = add(below, "", tag, name=named(gate.name), annotation="", owningGroup="")
    members = add(node, "", "Dependents")
    for name in gate.named:
        add(members, "", "Dependent", name="/".join(places[name].path))
    return node
