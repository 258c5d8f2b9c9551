"""Log-rank tests and their weighted kin, asymptotic and exact."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from labproc.cohort.kaplan_meier import check_survival
from labproc.errors import NotEnoughData

Floats = NDArray[np.float64]
Weight = Callable[[Floats, Floats], Floats]
MOST_ARRANGEMENTS = 200_000
"""Assignments of patients to two arms that are listed one by one: all of 10 against 10."""


def _before(at_risk: Floats, deaths: Floats) -> Floats:
    """Return the pooled Kaplan-Meier survival just before each time."""
    after = np.cumprod(1.0 - deaths / at_risk)
    return np.concatenate([[1.0], after[:-1]])


WEIGHTS: Mapping[str, Weight] = {
    "gehan_breslow_wilcoxon": lambda n, d: n,
    "log_rank": lambda n, d: np.ones_like(n),
    "tarone_ware": lambda n, d: np.sqrt(n),
    "peto_peto": _before,
}
"""Weight of each event time, from the numbers at risk and of events; Gehan's is the number at
risk, which R's ``survdiff(rho=1)`` is not (that is ``peto_peto``)."""


@dataclass(frozen=True, slots=True)
class RankTest:
    """Chi-square with its degrees of freedom and P."""

    test: str
    statistic: float
    dof: int
    p_value: float


def rank_test(
    time: Floats, event: Floats, arm: Sequence[str], *, test: str = "log_rank"
) -> RankTest:
    """Compare survival between arms, hypergeometric variance.

    Parameters
    ----------
    time, event : ndarray, shape (n_patients,)
    arm : sequence of str, length n_patients
    test : str
        One of ``WEIGHTS``.

    Raises
    ------
    NotEnoughData
        With fewer than two arms, or without an event.
    """
    from scipy.special import chdtrc

    check_survival(time, event)
    names = sorted(set(arm))
    member = np.array([[a == name for a in arm] for name in names], dtype=float)
    if len(names) < 2 or not event.any():
        raise NotEnoughData(
            f"{len(names)} arms and {int(event.sum())} events, expected 2 arms and an event"
        )
    times = np.unique(time[event == 1])
    risk = member @ (time[:, None] >= times)
    died = member @ ((time[:, None] == times) & (event[:, None] == 1))
    n, d = risk.sum(axis=0), died.sum(axis=0)
    weight = WEIGHTS[test](n, d)
    score = (weight * (died - risk * d / n)).sum(axis=1)
    variance = _variance(risk, n, d, weight)
    kept = slice(0, len(names) - 1)
    statistic = float(score[kept] @ np.linalg.pinv(variance[kept, kept]) @ score[kept])
    dof = len(names) - 1
    return RankTest(test, statistic, dof, float(chdtrc(dof, statistic)))


def _variance(risk: Floats, n: Floats, d: Floats, weight: Floats) -> Floats:
    share = risk / n
    spread = weight**2 * d * np.where(n > 1, (n - d) / np.maximum(n - 1, 1), 0.0)
    return np.asarray(np.diag((spread * share).sum(axis=1)) - (spread * share) @ share.T)


def exact_rank_test(
    time: Floats, event: Floats, arm: Sequence[str], *, test: str = "log_rank"
) -> RankTest:
    """Compare two arms over every assignment of the patients to them.

    Each patient has a score that does not depend on the arms; the sum of one arm's scores is
    compared with its value under every choice of as many patients.

    Raises
    ------
    NotEnoughData
        With other than two arms, without an event, or with too many assignments to list.
    """
    check_survival(time, event)
    names = sorted(set(arm))
    if len(names) != 2 or not event.any():
        found = f"{len(names)} arms and {int(event.sum())} events"
        raise NotEnoughData(f"{found}, expected 2 arms and an event for an exact test")
    mine = np.array([a == names[0] for a in arm])
    if comb(time.size, int(mine.sum())) > MOST_ARRANGEMENTS:
        raise NotEnoughData(f"{time.size} patients, too many for an exact test")
    scores = _scores(time, event, test)
    seen = abs(float(scores[mine].sum() - mine.sum() * scores.mean()))
    chosen = np.array(list(combinations(range(time.size), int(mine.sum()))))
    sums = np.abs(scores[chosen].sum(axis=1) - mine.sum() * scores.mean())
    p = float(np.mean(sums >= seen - 1e-9))
    return RankTest(f"exact_{test}", seen, 1, p)


def _scores(time: Floats, event: Floats, test: str) -> Floats:
    """Return each patient's own events minus those expected while at risk, weighted."""
    times = np.unique(time[event == 1])
    n = (time[:, None] >= times).sum(axis=0).astype(float)
    d = ((time[:, None] == times) & (event[:, None] == 1)).sum(axis=0).astype(float)
    weight = WEIGHTS[test](n, d)
    own = (time[:, None] == times) & (event[:, None] == 1)
    expected = (time[:, None] >= times) * (d / n)
    return np.asarray((weight * (own - expected)).sum(axis=1))
