"""Copies beside what other measurements know: CAR+ cells by flow, the blood the DNA came from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from labproc.model import Measurement, SampleKey
from labproc.model.flag import unique
from labproc.qpcr.copies import Amount, per_cart, per_ul_blood
from labproc.qpcr.extracts import PER_UL, scaled

IN_BLOOD = "copies_per_ul_blood"


@dataclass(frozen=True, slots=True)
class BloodYield:
    """DNA extracted from a volume of blood."""

    dna_ug: float
    blood_ul: float


@dataclass(frozen=True, slots=True)
class BloodVolume:
    """The blood that an eluate holds the DNA of, and the eluate's volume, in µL."""

    blood_ul: float
    elution_ul: float


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
    measurements: Iterable[Measurement], given: Mapping[SampleKey, BloodYield | BloodVolume]
) -> list[Measurement]:
    """Return copies per µL blood: from yield and volume, or from the volumes of the extraction.

    ``given`` has the key of the sample without tube. A yield goes with copies per µg DNA, volumes
    with copies per µL of eluate, where no DNA was weighed. Both are taken as exact.
    """
    found = []
    for m in measurements:
        known = given.get(m.key.without_tube())
        if isinstance(known, BloodYield) and m.metric == "copies_per_ug":
            told = {"dna_yield_ug": known.dna_ug, "blood_ul": known.blood_ul}
            found.append(scaled(m, IN_BLOOD, blood_factor(known.dna_ug, known.blood_ul), told))
        if isinstance(known, BloodVolume) and m.metric == PER_UL:
            told = {"elution_ul": known.elution_ul, "blood_ul": known.blood_ul}
            found.append(scaled(m, IN_BLOOD, known.elution_ul / known.blood_ul, told))
    return found


def blood_factor(dna_yield_ug: float, blood_ul: float) -> float:
    """Return the factor from copies per µg DNA to copies per µL blood."""
    return per_ul_blood(Amount(1.0), dna_yield_ug=dna_yield_ug, blood_ul=blood_ul).value or 0.0


def _amount(row: Measurement) -> Amount:
    return Amount(row.value, row.ci_low, row.ci_high)
