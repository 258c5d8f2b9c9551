"""Read-only arrays for frozen dataclasses."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def read_only(values: ArrayLike, dtype: Any) -> NDArray[Any]:
    """Return a read-only view of the values, converted only where the type differs."""
    array = np.asarray(values, dtype=dtype).view()
    array.flags.writeable = False
    return array
