from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labproc.errors import NotEnoughData
from labproc.trends.curves import (
    doubling_days,
    fit_gompertz,
    fit_logistic,
    fit_logistic_linear,
    midpoint_day,
)

Rows = Callable[[str], list[dict[str, str]]]


def columns(rows: list[dict[str, str]], x: str, y: str) -> tuple[Any, Any]:
    return np.array([float(r[x]) for r in rows]), np.array([float(r[y]) for r in rows])


@pytest.mark.shared
def test_the_logistic_curve_agrees_with_nls(rows: Rows, expected: Callable[..., Any]) -> None:
    truth = expected("logistic_growth.csv", "logistic fit on log scale")
    found = fit_logistic(*columns(rows("logistic_growth.csv"), "day", "cells"))
    assert dict(found.estimates) == pytest.approx(truth["est"], rel=1e-4)
    assert dict(found.se) == pytest.approx(truth["se"], rel=1e-4)
    assert found.rss == pytest.approx(truth["rss"], rel=1e-4)
    assert doubling_days(found) == pytest.approx(truth["doubling"], rel=1e-4)
    assert midpoint_day(found) == pytest.approx(truth["t_mid"], rel=1e-4)


@pytest.mark.shared
def test_the_gompertz_curve_agrees_with_nls(rows: Rows, expected: Callable[..., Any]) -> None:
    truth = expected("logistic_growth.csv", "Gompertz")
    found = fit_gompertz(*columns(rows("logistic_growth.csv"), "day", "cells"))
    assert dict(found.estimates) == pytest.approx(truth, rel=1e-4)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "quantity", "x", "y"),
    [
        ("logistic_growth.csv", "SSlogis on linear", "day", "cells"),
        ("chick1.csv", "SSlogis", "Time", "weight"),
    ],
)
def test_the_linear_logistic_agrees_with_sslogis(
    rows: Rows, expected: Callable[..., Any], file: str, quantity: str, x: str, y: str
) -> None:
    found = fit_logistic_linear(*columns(rows(file), x, y))
    assert dict(found.estimates) == pytest.approx(expected(file, quantity), rel=1e-4)


def test_few_days_are_refused() -> None:
    with pytest.raises(NotEnoughData, match="5 days, expected at least 6"):
        fit_logistic(np.arange(5.0), np.exp(np.arange(5.0)))


def test_zero_cells_are_refused() -> None:
    with pytest.raises(NotEnoughData, match="a count of zero"):
        fit_gompertz(np.arange(8.0), np.zeros(8))
