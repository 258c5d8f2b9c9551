"""The matrices that a strategy brings along, read from its TOML."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gating.channel_names import FILE, NONE
from labproc.errors import StrategyError
from labproc.model import Spillover
from labproc.registry import nearest


def read_matrices(name: str, tables: Any) -> dict[str, Spillover]:
    """Read ``[spillover.NAME]`` tables: ``detectors`` and ``matrix``, a row for each dye."""
    made = {}
    if not isinstance(tables, dict):
        raise StrategyError(f"strategy {name}: spillover is {tables!r}, expected [spillover.NAME]")
    for title, table in tables.items():
        where = f"strategy {name}, spillover {title!r}"
        if title in (FILE, NONE):
            raise StrategyError(f"{where}: expected another name, this one has a meaning")
        if not isinstance(table, dict) or set(table) - {"detectors", "matrix"}:
            raise StrategyError(f"{where}: expected the keys detectors and matrix")
        try:
            detectors = tuple(str(d) for d in table.get("detectors", ()))
            made[title] = Spillover(detectors, np.array(table.get("matrix"), dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise StrategyError(f"{where}: {error}, expected a number for each detector") from None
        if not np.isfinite(made[title].matrix).all():
            raise StrategyError(f"{where}: found a value that is not a number")
    return made


def check_compensation(
    name: str,
    compensation: str,
    matrices: Mapping[str, Spillover],
    steps: Mapping[str, tuple[str, ...]],
) -> None:
    """Check that every compensation is there; ``steps`` are those of single steps, by name."""
    known = [FILE, NONE, *matrices]
    words: dict[str, tuple[str, ...]] = {f"strategy {name}": (compensation,)}
    words |= {f"strategy {name}, step {step!r}": named for step, named in steps.items()}
    for where, named in words.items():
        wrong = next((w for w in named if w not in known), None)
        if wrong is not None:
            raise StrategyError(f"{where}: compensation {wrong!r}; {nearest(wrong, known)}")
