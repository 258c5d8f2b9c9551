"""Two arms as a comparison reads them: one repeat a row, whatever a repeat is."""

from dataclasses import dataclass, field, replace

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model._arrays import Floats


def _none() -> Floats:
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class Repeat:
    """One repeat (a donor, an experiment) in one arm, on the scale of the analysis.

    Parameters
    ----------
    name : str
        Pairs share it.
    summary : float
        One number for the whole course (a slope, an area, the value on one day).
    days, values : ndarray, shape (n_days,)
        The course itself, for comparisons that read it.
    """

    name: str
    summary: float
    days: Floats = field(default_factory=_none)
    values: Floats = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class Arms:
    """The repeats of the control and of the treated arm, and what a repeat is."""

    control: tuple[Repeat, ...]
    treated: tuple[Repeat, ...]
    unit: str = "donor"

    @property
    def n(self) -> tuple[int, int]:
        """Repeats in the control and in the treated arm."""
        return len(self.control), len(self.treated)

    def swapped(self) -> "Arms":
        """Return the same with the arms exchanged."""
        return replace(self, control=self.treated, treated=self.control)

    def scaled(self, factor: float) -> "Arms":
        """Return the same in another unit."""
        return replace(
            self,
            control=tuple(_scaled(r, factor) for r in self.control),
            treated=tuple(_scaled(r, factor) for r in self.treated),
        )

    def without(self, name: str) -> "Arms":
        """Return the same with one repeat left out of both arms."""
        return replace(
            self,
            control=tuple(r for r in self.control if r.name != name),
            treated=tuple(r for r in self.treated if r.name != name),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Every repeat's name once."""
        return tuple(dict.fromkeys(r.name for r in (*self.control, *self.treated)))

    def pairs(self) -> list[tuple[Repeat, Repeat]]:
        """Return (control, treated) of every repeat that is in both arms.

        Raises
        ------
        NotEnoughData
            If fewer than two repeats are in both.
        """
        treated = {r.name: r for r in self.treated}
        found = [(r, treated[r.name]) for r in self.control if r.name in treated]
        if len(found) < 2:
            raise NotEnoughData(
                f"{len(found)} {self.unit}{'' if len(found) == 1 else 's'} in both arms, "
                "expected at least 2; no P can be given"
            )
        return found

    def differences(self) -> Floats:
        """Return treated - control of every pair's summary, shape (n_pairs,)."""
        return np.array([t.summary - c.summary for c, t in self.pairs()])

    def summaries(self) -> tuple[Floats, Floats]:
        """Return the summaries of both arms, for comparisons without pairs.

        Raises
        ------
        NotEnoughData
            If an arm has fewer than two repeats.
        """
        if min(self.n) < 2:
            raise NotEnoughData(
                f"{self.n[0]} and {self.n[1]} {self.unit}s in the arms, "
                "expected at least 2 in each; no P can be given"
            )
        return (
            np.array([r.summary for r in self.control]),
            np.array([r.summary for r in self.treated]),
        )


def _scaled(repeat: Repeat, factor: float) -> Repeat:
    return replace(repeat, summary=repeat.summary * factor, values=repeat.values * factor)
