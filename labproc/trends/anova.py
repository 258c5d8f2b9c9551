"""Repeated-measures analysis of variance on complete tables."""

from dataclasses import dataclass

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model._arrays import Floats


@dataclass(frozen=True, slots=True)
class FTest:
    """One line of an analysis of variance, with Greenhouse-Geisser's epsilon where it applies."""

    f: float
    dof: tuple[float, float]
    p_value: float
    epsilon: float | None = None
    p_corrected: float | None = None


def f_test(
    ss: float, dof: float, ss_error: float, dof_error: float, *, epsilon: float | None = None
) -> FTest:
    """Return F and P of a sum of squares against its error.

    Raises
    ------
    NotEnoughData
        If there is no error to compare with.
    """
    from scipy.special import fdtrc

    if ss_error <= 0:
        raise NotEnoughData("the values have no spread within repeats, expected some; no P")
    f = (ss / dof) / (ss_error / dof_error)
    p = float(fdtrc(dof, dof_error, f))
    corrected = None
    if epsilon is not None:
        corrected = float(fdtrc(dof * epsilon, dof_error * epsilon, f))
    return FTest(float(f), (dof, dof_error), p, epsilon, corrected)


def one_way(values: Floats) -> FTest:
    """Return the effect of days within repeats; ``values`` has shape (n_repeats, n_days)."""
    n, k = values.shape
    centred = values - values.mean(axis=1, keepdims=True)
    effect = centred.mean(axis=0)
    error = centred - effect
    return f_test(
        n * float(effect @ effect),
        k - 1,
        float((error**2).sum()),
        (n - 1) * (k - 1),
        epsilon=greenhouse_geisser(values),
    )


def greenhouse_geisser(values: Floats) -> float:
    """Return epsilon, 1 where the differences between days all vary alike, down to 1/(k - 1).

    Parameters
    ----------
    values : ndarray, shape (n_repeats, n_days)
    """
    k = values.shape[1]
    covariance = np.cov(values, rowvar=False)
    centre = np.eye(k) - 1.0 / k
    doubly = centre @ covariance @ centre
    if not doubly.any():
        return 1.0
    return float(np.trace(doubly) ** 2 / ((k - 1) * (doubly**2).sum()))


def within(control: Floats, treated: Floats) -> dict[str, FTest]:
    """Return arm, day and their interaction when every repeat is in both arms.

    Parameters
    ----------
    control, treated : ndarray, shape (n_repeats, n_days)
        Row i of both is the same donor.
    """
    n, k = control.shape
    differences = treated - control
    mean = differences.mean(axis=1)
    arm = f_test(
        n * k * float(mean.mean()) ** 2 / 2,
        1,
        k * float(((mean - mean.mean()) ** 2).sum()) / 2,
        n - 1,
    )
    return {"arm": arm, "day": one_way((control + treated) / 2), "arm:day": one_way(differences)}


def between(control: Floats, treated: Floats) -> dict[str, FTest]:
    """Return arm, day and their interaction when cultures are independent (Prism's layout).

    Parameters
    ----------
    control : ndarray, shape (n_control, n_days)
    treated : ndarray, shape (n_treated, n_days)
    """
    k = control.shape[1]
    everyone = np.concatenate([control, treated])
    grand = everyone.mean(axis=0)
    sizes = (control.shape[0], treated.shape[0])
    total = sum(sizes)
    means = [control.mean(axis=0), treated.mean(axis=0)]
    parts = zip(sizes, means, strict=True)
    shifts = [(m, mean.mean() - grand.mean(), mean - grand) for m, mean in parts]
    ss_arm = k * sum(m * shift**2 for m, shift, _ in shifts)
    ss_both = sum(m * float(((course - shift) ** 2).sum()) for m, shift, course in shifts)
    ss_day = total * float(((grand - grand.mean()) ** 2).sum())
    residual = np.concatenate([control - means[0], treated - means[1]])
    of_culture = residual.mean(axis=1)
    ss_culture = k * float((of_culture**2).sum())
    ss_error = float((residual**2).sum()) - ss_culture
    dof_error = (total - 2) * (k - 1)
    return {
        "arm": f_test(float(ss_arm), 1, ss_culture, total - 2),
        "day": f_test(ss_day, k - 1, ss_error, dof_error),
        "arm:day": f_test(ss_both, k - 1, ss_error, dof_error),
    }
