"""How many repeats a comparison needs, by the noncentral t distribution."""

from dataclasses import dataclass

import numpy as np

from labproc.errors import NotEnoughData
from labproc.trends.arms import Arms

MOST = 1000  # repeats beyond which the answer is "not this way"


def power_paired(effect: float, sd: float, n: int, *, level: float = 0.05) -> float:
    """Return the power of a paired t test.

    Parameters
    ----------
    effect : float
        True mean of the differences.
    sd : float
        Their standard deviation.
    n : int
        Pairs; at least 2.
    """
    from scipy.special import stdtrit
    from scipy.stats import nct

    dof = n - 1
    critical = stdtrit(dof, 1.0 - level / 2.0)
    shift = abs(effect) / sd * np.sqrt(n)
    return float(nct.sf(critical, dof, shift) + nct.cdf(-critical, dof, shift))


def power_unpaired(effect: float, sd: float, n: int, *, level: float = 0.05) -> float:
    """Return the power of a t test between two arms of ``n`` repeats each with one spread."""
    from scipy.special import stdtrit
    from scipy.stats import nct

    dof = 2 * n - 2
    critical = stdtrit(dof, 1.0 - level / 2.0)
    shift = abs(effect) / sd * np.sqrt(n / 2.0)
    return float(nct.sf(critical, dof, shift) + nct.cdf(-critical, dof, shift))


def repeats_needed(
    effect: float, sd: float, *, paired: bool = True, power: float = 0.8, level: float = 0.05
) -> int | None:
    """Return the fewest repeats (per arm) that reach the power, or None beyond 1000.

    Parameters
    ----------
    effect : float
        The difference to find, on the scale of the analysis.
    sd : float
        Standard deviation of the paired differences, or within each arm.
    """
    if not effect or not np.isfinite([effect, sd]).all() or sd <= 0:
        return None
    reach = power_paired if paired else power_unpaired
    low, high = 2, 2
    while reach(effect, sd, high, level=level) < power:
        low, high = high + 1, high * 2
        if high > 2 * MOST:
            return None
    while low < high:
        middle = (low + high) // 2
        if reach(effect, sd, middle, level=level) < power:
            low = middle + 1
        else:
            high = middle
    return high if high <= MOST else None


@dataclass(frozen=True, slots=True)
class Design:
    """How many repeats the next run needs for one outcome.

    ``sd`` is that of the paired differences (or within arms); ``sd_upper`` its one-sided 80 %
    limit, since a few repeats know their own spread badly; None where more than 1000 are needed.
    """

    effect: float
    sd: float
    sd_upper: float
    n_seen: int
    power: float
    repeats: int | None
    repeats_cautious: int | None


def design(
    arms: Arms,
    *,
    paired: bool = True,
    effect: float | None = None,
    power: float = 0.8,
    level: float = 0.05,
) -> Design:
    """Return the repeats the next run needs, from the spread of this one.

    Parameters
    ----------
    arms : Arms
        The run that was made.
    paired : bool
        Whether pairs share a donor.
    effect : float, optional
        The difference to find, on the scale of the analysis; the one seen by default, which is
        optimistic: of many small runs those with large effects are looked at.

    Raises
    ------
    NotEnoughData
        With fewer than two repeats, or repeats that do not differ.
    """
    from scipy.special import chdtri

    if paired:
        values = arms.differences()
        seen, sd, dof = float(values.mean()), float(values.std(ddof=1)), values.size - 1
    else:
        control, treated = arms.summaries()
        dof = sum(arms.n) - 2
        squares = sum(float(((a - a.mean()) ** 2).sum()) for a in (control, treated))
        seen, sd = float(treated.mean() - control.mean()), float(np.sqrt(squares / dof))
    if sd <= 0:
        raise NotEnoughData("the repeats do not differ, so their spread is unknown")
    upper = sd * float(np.sqrt(dof / chdtri(dof, 0.8)))
    wanted = seen if effect is None else effect
    counts = [
        repeats_needed(wanted, s, paired=paired, power=power, level=level) for s in (sd, upper)
    ]
    return Design(wanted, sd, upper, min(arms.n), power, *counts)
