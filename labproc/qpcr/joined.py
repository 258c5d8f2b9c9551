"""Copies beside what other measurements know: CAR+ cells by flow, the blood the DNA came from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from labproc.model import Measurement, SampleKey
from labproc.model.flag import unique
from labproc.qpcr.copies import Amount, per_cart, per_ul_blood


@dataclass(frozen=True, slots=True)
class BloodYield:
    """DNA extracted from a volume of blood."""

    dna_ug: float
    blood_ul: float


def copies_per_cart_cell(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Return vector copies per CAR+ cell where a culture's day has VCN and CAR fraction.

    The intervals of both are carried; draws are divided draw by draw. A fraction of 0 gives
    nothing.
    """
    rows = list(measurements)
    fractions = {m.key.without_tube(): m for m in rows if m.metric == "car_fraction" and m.value}
    pairs = [(m, fractions.get(m.key.without_tube())) for m in rows if m.metric == "vcn"]
    return [_per_cart(vcn, fraction) for vcn, fraction in pairs if fraction is not None]


def _per_cart(vcn: Measurement, fraction: Measurement) -> Measurement:
    found = per_cart(_amount(vcn), _amount(fraction))
    draws = None
    if vcn.draws is not None and fraction.draws is not None:
        n = min(vcn.draws.size, fraction.draws.size)
        with np.errstate(divide="ignore"):
            draws = vcn.draws[:n] / fraction.draws[:n]
    return replace(
        vcn,
        metric="vcn_per_cart",
        unit="copies/CAR+ cell",
        value=found.value,
        ci_low=found.low,
        ci_high=found.high,
        interval_of=f"{vcn.interval_of}; CAR fraction: {fraction.interval_of}",
        flags=unique([*vcn.flags, *fraction.flags]),
        draws=draws,
    )


def copies_in_blood(
    measurements: Iterable[Measurement], yields: Mapping[SampleKey, BloodYield]
) -> list[Measurement]:
    """Return copies per µL blood where yield and volume of the extraction are known.

    ``yields`` has the key of the sample without tube. Yield and volume are taken as exact.
    """
    rows = [m for m in measurements if m.metric == "copies_per_ug"]
    known = [(m, yields.get(m.key.without_tube())) for m in rows]
    return [_in_blood(m, given) for m, given in known if given is not None]


def _in_blood(row: Measurement, given: BloodYield) -> Measurement:
    found = per_ul_blood(_amount(row), dna_yield_ug=given.dna_ug, blood_ul=given.blood_ul)
    factor = given.dna_ug / given.blood_ul
    told = {**row.parameters, "dna_yield_ug": given.dna_ug, "blood_ul": given.blood_ul}
    return replace(
        row,
        metric="copies_per_ul_blood",
        unit="copies/µL blood",
        value=found.value,
        ci_low=found.low,
        ci_high=found.high,
        parameters=told,
        draws=None if row.draws is None else row.draws * factor,
    )


def _amount(row: Measurement) -> Amount:
    return Amount(row.value, row.ci_low, row.ci_high)
