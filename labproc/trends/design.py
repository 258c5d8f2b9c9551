"""How many repeats a comparison needs, by the noncentral t distribution."""

import numpy as np

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
