"""One gating method a file, registered by name.

A method is handed the parent's events and says which of them each of its populations holds:

    @METHODS.register("my_method")
    class MyMethod: ...

or, shorter, ``method("my_method", option=default)(function)``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gating.methods._request import Request, Selection
from labproc.registry import Registry

Place = Callable[[Request], tuple[Selection, ...]]


@dataclass(frozen=True, slots=True)
class Method:
    """A way to place gates.

    Parameters
    ----------
    title : str
        What it does, in one line, for the documentation.
    place : callable
        Takes a ``Request`` and returns one ``Selection`` for each population asked for, in order:
        deterministic, indifferent to the order of the events, content with no event at all.
    n_channels : tuple of int
        How many channels it can work on.
    n_populations : int
        How many populations it makes.
    options : mapping
        Option name to default.
    """

    title: str
    place: Place
    n_channels: tuple[int, ...] = (1,)
    n_populations: int = 1
    options: Mapping[str, object] = field(default_factory=dict)


METHODS: Registry[Method] = Registry("gating method", "gating.methods")

__all__ = ["METHODS", "Method", "Place", "Request", "Selection"]
