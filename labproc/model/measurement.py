"""The meeting point of both assays: one number about one sample."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from labproc.model._arrays import Floats
from labproc.model.flag import Flag, Severity, worst
from labproc.model.sample import SampleKey, SourceFile

METRICS: Mapping[str, str] = {
    # cells, from flow cytometry
    "cells_per_ul": "cells/µL",
    "cart_per_ul": "cells/µL",
    "cart_cd4_per_ul": "cells/µL",
    "cart_cd8_per_ul": "cells/µL",
    "cells_total": "cells",
    "cart_total": "cells",
    "cart_cd4_total": "cells",
    "cart_cd8_total": "cells",
    "viability": "fraction",
    "t_cell_fraction": "fraction",
    "car_fraction": "fraction",
    "cd4_fraction": "fraction",
    "cd8_fraction": "fraction",
    "cd4_cd8_ratio": "ratio",
    "cart_cd4_cd8_ratio": "ratio",
    "car_median_fluorescence": "a.u.",
    # growth, from cells_total or cart_total and the culture's log
    "cumulative_cells": "cells",
    "cumulative_cart": "cells",
    "cumulative_cart_cd4": "cells",
    "cumulative_cart_cd8": "cells",
    "cumulative_fold": "fold",
    "population_doublings": "doublings",
    "cells_fold": "fold",
    "cells_doublings": "doublings",
    "cart_cd4_fold": "fold",
    "cart_cd4_doublings": "doublings",
    "cart_cd8_fold": "fold",
    "cart_cd8_doublings": "doublings",
    # vector copies, from qPCR
    "copies_per_well": "copies/well",
    "copies_per_ug": "copies/µg DNA",
    "copies_per_100ng": "copies/100 ng DNA",
    "copies_per_ul_eluate": "copies/µL eluate",
    "copies_in_eluate": "copies",
    "vcn": "copies/diploid genome",
    "vcn_per_cart": "copies/CAR+ cell",
    "copies_per_ul_blood": "copies/µL blood",
    "dna_ng_by_reference": "ng",
}
"""Every metric with its unit."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number about one sample, with its interval, its reasons to doubt and its origin.

    ``interval_of`` says in words what the interval carries (``counting error only``, ``counting,
    gate placement and pipetting``). ``version`` names the gate or curve version the number came
    from; ``source`` the raw file; ``draws`` (n_draws,) are the number under the uncertainty of
    its gates or its curve, aligned so that draws of one gate or curve move together.
    """

    key: SampleKey
    metric: str
    value: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    interval_of: str = ""
    unit: str = ""
    n: int | None = None
    parent: str = ""
    status: str = "quantified"
    flags: tuple[Flag, ...] = ()
    source: SourceFile | None = None
    version: str = ""
    control_file: str = ""
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    draws: Floats | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"{self.metric!r} is not among the metrics of labproc.model")
        if self.value is not None and not np.isfinite(self.value):
            raise ValueError(f"{self.key.label} {self.metric}: value is {self.value}")
        if not self.unit:
            object.__setattr__(self, "unit", METRICS[self.metric])

    @property
    def severity(self) -> Severity | None:
        """The worst flag's severity."""
        return worst(self.flags)
