"""The simulated cytometer: detectors, dyes, spillover, and what each panel stains.

All numbers are linear fluorescence on an Attune NxT's scale (0 to 1,048,575), chosen to resemble
published histograms of expanded human T cells; none is fitted to a gating method.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labproc.model import Channel, Spillover

TOP = 1_048_575.0  # where every channel saturates
THRESHOLD = 25_000.0  # on FSC-H: what is below is never recorded
DETECTORS = ("BL1-A", "YL2-A", "RL1-A", "RL2-A", "VL1-A")
DYES = ("CAR", "CD3", "CD8", "viability", "CD4")  # in the order of their detectors
LABELS = ("FITC-A", "PE-Dazzle-A", "APC-A", "NIR-A", "Pacific Blue-A")
VOLTAGES = (300.0, 400.0, 410.0, 440.0, 320.0)
SCATTER = ("FSC-A", "SSC-A", "FSC-H", "SSC-H", "FSC-W")
SPILL = Spillover(
    DETECTORS,
    np.array(
        [
            [1.0, 0.011, 0.0, 0.0, 0.004],
            [0.006, 1.0, 0.034, 0.012, 0.0],
            [0.0, 0.018, 1.0, 0.145, 0.0],
            [0.0, 0.0, 0.062, 1.0, 0.0],
            [0.021, 0.0, 0.0, 0.0, 1.0],
        ]
    ),
)


@dataclass(frozen=True, slots=True)
class Dye:
    """How one dye shows on cells that carry its marker and on cells that do not.

    Positives are log-normal around ``median`` with ``sigma`` (natural logarithm); a share ``dim``
    lies lower by ``dim_factor``. Negatives are a gamma distribution, which is skewed to the right.
    """

    median: float
    sigma: float
    dim: float = 0.0
    dim_factor: float = 0.35
    background: float = 500.0
    skew: float = 4.0


PANELS: dict[str, dict[str, Dye]] = {
    "car": {
        "CAR": Dye(14_000.0, 0.50, dim=0.12, background=800.0, skew=3.5),
        "CD3": Dye(22_000.0, 0.28, background=450.0),
        "viability": Dye(45_000.0, 0.45, background=900.0, skew=5.0),
    },
    "subset": {
        "CD3": Dye(22_000.0, 0.28, background=450.0),
        "CD4": Dye(26_000.0, 0.25, background=400.0),
        "CD8": Dye(38_000.0, 0.30, dim=0.08, background=420.0),
        "viability": Dye(45_000.0, 0.45, background=900.0, skew=5.0),
    },
    "count": {"viability": Dye(60_000.0, 0.40, background=350.0, skew=5.0)},
}
AUTOFLUORESCENCE: NDArray[np.float64] = np.array([320.0, 180.0, 90.0, 80.0, 260.0])


def channels() -> tuple[Channel, ...]:
    """Return the channels of every simulated file, in file order."""
    light = [
        Channel(n, n, TOP + 1, voltage=v) for n, v in zip(SCATTER[:4], _SCATTER_V, strict=True)
    ]
    dyes = [
        Channel(n, label, TOP + 1, voltage=v)
        for n, label, v in zip(DETECTORS, LABELS, VOLTAGES, strict=True)
    ]
    width = Channel("FSC-W", "FSC-W", 1024.0, voltage=_SCATTER_V[0])
    return (Channel("Time", "Time", 67_108_864.0), *light, *dyes, width)


_SCATTER_V = (340.0, 340.0, 340.0, 340.0)
