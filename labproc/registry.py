"""Plug-ins found by importing the modules of a package."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Generic, TypeVar

from labproc.errors import UnknownName

T = TypeVar("T")
S = TypeVar("S")


def nearest(name: str, known: list[str]) -> str:
    """Say the nearest known name as a question, or list the known ones."""
    close = get_close_matches(name.casefold(), [k.casefold() for k in known], n=1, cutoff=0.5)
    if close:
        match = next(k for k in known if k.casefold() == close[0])
        return f"did you mean {match!r}?"
    return f"known: {', '.join(known) or 'none'}"


class Registry(Generic[T]):
    """The plug-ins of one kind, by name; one module of ``package`` registers one or several.

    Modules whose name begins with an underscore are helpers and are not imported. The package is
    read at the first question, so that importing it costs nothing.

    Parameters
    ----------
    kind : str
        What a plug-in is called in messages, e.g. ``"gating method"``.
    package : str
        The package whose modules register themselves, e.g. ``"gating.methods"``.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._items: dict[str, T] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[S], S]:
        """Return a decorator that files an object under ``name``; a name is given once."""

        def add(item: S) -> S:
            if name in self._items:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            self._items[name] = item  # type: ignore[assignment]
            return item

        return add

    def _load(self) -> None:
        if self._loaded:
            return
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("_"):
                importlib.import_module(f"{self.package}.{module.name}")
        self._loaded = True

    def names(self) -> list[str]:
        """Return every name, sorted."""
        self._load()
        return sorted(self._items)

    def get(self, name: str) -> T:
        """Return the plug-in of that name.

        Raises
        ------
        UnknownName
            If there is none; the message names the nearest.
        """
        self._load()
        if name not in self._items:
            hint = nearest(name, self.names())
            raise UnknownName(f"no {self.kind} called {name!r}; {hint}")
        return self._items[name]

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield every name with its plug-in, sorted by name."""
        for name in self.names():
            yield name, self._items[name]
