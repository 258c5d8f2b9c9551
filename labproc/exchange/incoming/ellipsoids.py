"""Ellipsoids as a mean with a covariance, and as a centre with half axes."""

from typing import Any

import numpy as np


def half_axes(covariance: Any, square: float) -> Any:
    """Return the half axes of an ellipsoid as rows; None where the matrix is that of none.

    Only the symmetric part of the quadratic form tells which events are within.
    """
    form = np.linalg.inv(covariance)
    values, vectors = np.linalg.eigh((form + form.T) / 2.0)
    if not values.min() > 0:
        return None
    return (vectors * np.sqrt(square / values)).T
