"""Logistic and Gompertz summaries of every culture that was watched long enough."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from labproc.errors import NotEnoughData
from labproc.model import Measurement, Trend
from labproc.model._arrays import Floats
from labproc.model.flag import info
from labproc.trends.courses import Course, courses
from labproc.trends.curves import FEWEST_DAYS, fit_gompertz, fit_logistic
from labproc.trends.lines import t_quantile
from labproc.trends.nonlinear import CurveFit

WORST_PLATEAU = 0.5
"""Relative standard error of a plateau beyond which the culture never came near it."""
FITS: Mapping[str, Callable[[Floats, Floats], CurveFit]] = {
    "logistic": fit_logistic,
    "gompertz": fit_gompertz,
}
PARAMETERS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("logistic", "r"): ("logistic_rate", "1/day"),
    ("logistic", "K"): ("logistic_plateau", "cells"),
    ("gompertz", "K"): ("gompertz_plateau", "cells"),
}


def saturation(measurements: Iterable[Measurement]) -> list[Trend]:
    """Return logistic rate and plateau, and Gompertz plateau, over all days of each culture.

    Cultures with fewer than six days are not fitted. A plateau that the culture did not come near
    has no estimate and says so.
    """
    everything = list(measurements)
    found: list[Trend] = []
    for metric in ("cumulative_cart", "cumulative_cells"):
        for course in courses(everything, metric):
            if course.days.size >= FEWEST_DAYS and (course.values > 0).all():
                found += _of(course)
    return found


def _of(course: Course) -> list[Trend]:
    fits: dict[str, CurveFit] = {}
    for name, fit in FITS.items():
        try:
            fits[name] = fit(course.days, course.values)
        except NotEnoughData:
            continue
    return [
        _trend(course, fits[curve], curve, parameter, *names)
        for (curve, parameter), names in PARAMETERS.items()
        if curve in fits
    ]


def _trend(
    course: Course, fit: CurveFit, curve: str, parameter: str, kind: str, unit: str
) -> Trend:
    donor, experiment, arm, replicate = course.culture
    estimate, se = fit.estimates[parameter], fit.se[parameter]
    half = t_quantile(0.95, fit.dof) * se
    unit = unit.replace("cells", course.unit or "cells")
    whole = Trend(
        kind,
        course.metric,
        donor,
        experiment,
        arm,
        replicate,
        estimate,
        estimate - half,
        estimate + half,
        unit,
        int(course.days.size),
        (float(course.days[0]), float(course.days[-1])),
        f"{curve} curve, least squares on the log scale",
        course.flags,
    )
    if parameter != "K" or fit.se["K"] <= WORST_PLATEAU * fit.estimates["K"]:
        return whole
    message = f"{course.label}: still growing; the days do not show where {curve} growth ends"
    unreached = info("plateau_not_reached", message)
    return replace(whole, estimate=None, ci_low=None, ci_high=None, flags=(*whole.flags, unreached))
