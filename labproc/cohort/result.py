"""One comparison of a cohort's arms, and one row of its tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labproc.errors import NotEnoughData
from labproc.model import Flag

FEWEST = 2  # patients of each arm for a P: one patient says nothing of an arm


def enough(n: tuple[int, ...]) -> None:
    """Refuse to test arms of one patient.

    Raises
    ------
    NotEnoughData
        If an arm has fewer than two.
    """
    if min(n, default=0) < FEWEST:
        found = " and ".join(map(str, n))
        raise NotEnoughData(f"{found} patients, expected at least {FEWEST} in each arm")


@dataclass(frozen=True, slots=True)
class CohortTest:
    """One comparison between the arms of a cohort.

    Parameters
    ----------
    table : str
        ``characteristics``, ``response``, ``toxicity`` or ``survival``; ``copies`` and
        ``timeline`` where copies were given.
    variable, test : str
        What was compared, and how.
    n : tuple of int
        Evaluable patients of each arm, in the order of ``arms``: percentages and P rest on them.
    p_value : float or None
        None where nothing can be tested; the flags say why.
    estimate, ci : float, pair of float, or None
        Of ``effect`` (odds ratio, hazard ratio, difference), treated against control.
    landmark : float or None
        Day from which patients were followed, those without follow-up to it left out.
    details : mapping
        More numbers of the same comparison (medians, numbers at risk).
    """

    table: str
    variable: str
    test: str
    arms: tuple[str, ...]
    n: tuple[int, ...]
    p_value: float | None
    statistic: float | None = None
    effect: str = ""
    estimate: float | None = None
    ci: tuple[float | None, float | None] | None = None
    landmark: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the form that stands in JSON lines."""
        row: dict[str, Any] = {
            "table": self.table,
            "variable": self.variable,
            "test": self.test,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "n": list(self.n),
            "arms": list(self.arms),
        }
        if self.effect:
            row |= {"effect": self.effect, "estimate": self.estimate, "ci": self.ci}
        if self.landmark is not None:
            row["landmark"] = self.landmark
        return row | dict(self.details) | {"flags": [f.as_dict() for f in self.flags]}


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of Table 1 or 2: a level, with count and evaluable n of each arm.

    ``cells`` are as printed: ``5 / 9 (56 %, 21-86)`` or ``median (range)``.
    """

    table: str
    variable: str
    level: str
    cells: tuple[str, ...]
