"""The difference in restricted mean survival between two arms, and its permutation P."""

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from labproc.cohort.rank_tests import MOST_ARRANGEMENTS

Floats = NDArray[np.float64]
N_DRAWS = 20_000  # assignments drawn where they are too many to list: P to within 0.003 at 0.05


def permutation_p(time: Floats, event: Floats, treated: NDArray[np.bool_], until: float) -> float:
    """Return the two-sided P of the difference in restricted mean over assignments to the arms.

    Every assignment of the patients to arms of these sizes is listed where that can be done,
    drawn otherwise. The normal approximation is too liberal in small arms, and has no error at
    all for an arm without events; this P needs neither. A curve whose last patient left before
    ``until`` goes on level.

    Parameters
    ----------
    time, event : ndarray, shape (n_patients,)
    treated : ndarray, shape (n_patients,)
    until : float
        In the unit of ``time``.

    References
    ----------
    Horiguchi and Uno, Stat Med 2020;39:2655-2670. doi:10.1002/sim.8565
    """
    chosen, is_whole = _assignments(time.size, int(treated.sum()))
    seen = abs(_differences(time, event, treated[None, :], until)[0])
    found = np.abs(_differences(time, event, chosen, until))
    n_beyond = int((found >= seen - 1e-9 * max(until, 1.0)).sum())
    if is_whole:
        return n_beyond / found.size
    return (n_beyond + 1) / (found.size + 1)


def _assignments(n: int, k: int) -> tuple[NDArray[np.bool_], bool]:
    """Return who is treated in each assignment, shape (n_assignments, n), and if these are all."""
    if comb(n, k) <= MOST_ARRANGEMENTS:
        places = np.array(list(combinations(range(n), k)))
        whole = np.zeros((len(places), n), dtype=bool)
        np.put_along_axis(whole, places, True, axis=1)
        return whole, True
    order = np.random.default_rng(0).random((N_DRAWS, n)).argsort(axis=1)
    return order < k, False


def _differences(
    time: Floats, event: Floats, treated: NDArray[np.bool_], until: float
) -> NDArray[np.float64]:
    return _means(time, event, treated, until) - _means(time, event, ~treated, until)


def _means(time: Floats, event: Floats, member: NDArray[np.bool_], until: float) -> Floats:
    """Return the restricted mean of each group; ``member`` has shape (n_groups, n_patients)."""
    times = np.unique(time[(event == 1) & (time < until)])
    inside = member.astype(float)
    risk = inside @ (time[:, None] >= times)
    died = inside @ ((time[:, None] == times) & (event[:, None] == 1))
    steps = 1.0 - died / np.maximum(risk, 1.0)
    heights = np.concatenate([np.ones((len(member), 1)), np.cumprod(steps, axis=1)], axis=1)
    widths = np.diff(np.concatenate([[0.0], times, [until]]))
    return np.asarray(heights @ widths)
