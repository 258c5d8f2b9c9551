"""A positive control over many plates: Levey-Jennings chart with Westgard's rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labproc.errors import NotEnoughData
from labproc.model import CopyNumber, Flag, Task
from labproc.model.flag import review, warning

MIN_PLATES = 5  # fewer give no standard deviation worth a limit
ENOUGH_PLATES = 20  # what Westgard asks for fixed limits


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken at one plate; ``is_rejection`` is False for the 1-2s warning only."""

    plate: str
    rule: str
    z: float

    @property
    def is_rejection(self) -> bool:
        """Whether the rule rejects the plate."""
        return self.rule != "1-2s"


@dataclass(frozen=True, slots=True)
class LeveyJennings:
    """A control chart: plates in order, their value, the centre and the SD of the chart."""

    plates: tuple[str, ...]
    values: NDArray[np.float64]
    mean: float
    sd: float
    violations: tuple[Violation, ...]
    is_provisional: bool

    @property
    def flags(self) -> tuple[Flag, ...]:
        """One flag for every broken rule."""
        return tuple(_flag(v) for v in self.violations)

    def flags_of(self, plate: str) -> tuple[Flag, ...]:
        """One flag for every rule that a plate breaks."""
        return tuple(_flag(v) for v in self.violations if v.plate == plate)


def _flag(broken: Violation) -> Flag:
    text = (
        f"{broken.plate}: positive control lies {broken.z:+.1f} SD from its mean over plates "
        f"(Westgard {broken.rule})"
    )
    if broken.is_rejection:
        return review("positive_control_trend", text)
    return warning("positive_control_trend", text)


def positive_control_chart(
    plates: Mapping[str, Sequence[CopyNumber]], *, target: str
) -> LeveyJennings:
    """Chart a target's positive control over plates, in log10(copies).

    Parameters
    ----------
    plates : mapping of plate name to its samples
        In the order they were run. Plates without a quantified positive control are left out.
    target : str
        Usually the transgene.

    Raises
    ------
    NotEnoughData
        If there are fewer than 5 plates.
    """
    found: dict[str, float] = {}
    for plate, samples in plates.items():
        own = [s for s in samples if s.target == target and s.task is Task.POSITIVE and s.copies]
        if own:
            found[plate] = float(np.mean([np.log10(s.copies) for s in own if s.copies]))
    return levey_jennings(list(found), list(found.values()))


def levey_jennings(
    plates: Sequence[str],
    values: ArrayLike,
    *,
    mean: float | None = None,
    sd: float | None = None,
) -> LeveyJennings:
    """Chart a positive control over plates, oldest first.

    Rules: 1-2s (warning), 1-3s, 2-2s, R-4s, 4-1s and 10-x. Mean and SD come from the lab, or from
    the plates themselves (robust: median and 1.4826 MAD, so that the plate that is off does not
    hide itself); the chart is provisional with fewer than 20 plates.

    Parameters
    ----------
    plates : sequence of str
        Names in the order they were run.
    values : array_like, shape (n_plates,)
        log10(copies) of the control, or its Cq.
    mean, sd : float or None
        The lab's own limits.

    Raises
    ------
    NotEnoughData
        If there are fewer than 5 plates and no limits.

    References
    ----------
    Westgard JO et al. A multi-rule Shewhart chart for quality control in clinical chemistry.
    Clin Chem 1981. doi:10.1093/clinchem/27.3.493
    """
    x = np.asarray(values, dtype=np.float64)
    own = mean is None or sd is None
    if own and x.size < MIN_PLATES:
        raise NotEnoughData(
            f"positive control: {x.size} plates, expected at least {MIN_PLATES} to set limits"
        )
    centre = float(np.median(x)) if mean is None else mean
    spread = 1.4826 * float(np.median(np.abs(x - centre))) if sd is None else sd
    if not spread > 0:
        raise NotEnoughData("positive control: all plates are equal, expected some spread")
    z = (x - centre) / spread
    found = [
        Violation(plate, rule, float(z[i]))
        for i, plate in enumerate(plates)
        for rule in _broken(z, i)
    ]
    provisional = own and x.size < ENOUGH_PLATES
    return LeveyJennings(tuple(plates), x, centre, spread, tuple(found), provisional)


def _broken(z: NDArray[np.float64], i: int) -> list[str]:
    """Return the rules that the plate at ``i`` breaks together with those before it."""
    rules = []
    if abs(z[i]) > 3:
        rules.append("1-3s")
    elif abs(z[i]) > 2:
        rules.append("1-2s")
    if i >= 1 and (_same_side(z[i - 1 : i + 1], 2)):
        rules.append("2-2s")
    if i >= 1 and abs(z[i]) > 2 and abs(z[i - 1]) > 2 and z[i] * z[i - 1] < 0:
        rules.append("R-4s")
    if i >= 3 and _same_side(z[i - 3 : i + 1], 1):
        rules.append("4-1s")
    if i >= 9 and _same_side(z[i - 9 : i + 1], 0):
        rules.append("10-x")
    return rules


def _same_side(z: NDArray[np.float64], limit: float) -> bool:
    return bool((z > limit).all() or (z < -limit).all())
