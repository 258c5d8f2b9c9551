"""From copies per well to copies per µg DNA, per genome, per CAR+ cell and per µL blood."""

from dataclasses import dataclass

import numpy as np

from labproc.errors import StandardCurveError
from labproc.model import StandardCurve
from labproc.qpcr.rules import PG_PER_DIPLOID_GENOME, PG_PER_NG
from labproc.qpcr.standard_curve import copies_at

NG_PER_UG = 1000.0


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its interval; ``value`` is None where only an upper limit is known."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def scaled(self, factor: float) -> "Amount":
        """Return the amount in another unit; the factor is taken as exact."""
        low = None if self.low is None else self.low * factor
        high = None if self.high is None else self.high * factor
        return Amount(None if self.value is None else self.value * factor, low, high)


def copies_per_ug(cq: float, curve: StandardCurve, *, dna_ng: float) -> float:
    """Convert one Cq to vector copies per microgram of genomic DNA.

    The curve is read backwards, log10(copies) = (Cq - intercept) / slope,
    and the copies in the well are scaled to 1000 ng.

    Parameters
    ----------
    cq : float
        Quantification cycle of the well, in cycles.
    curve : StandardCurve
        Curve of the same target and plate as the well.
    dna_ng : float
        Genomic DNA put in the well, in ng; more than 0.

    Returns
    -------
    float
        Copies per µg of genomic DNA.

    Raises
    ------
    StandardCurveError
        If ``dna_ng`` is not more than 0.

    Examples
    --------
    >>> curve = StandardCurve("CAR", slope=-3.3219, intercept=38.0)
    >>> round(copies_per_ug(28.0343, curve, dna_ng=200.0))
    5000
    """
    return float(copies_at((cq - curve.intercept) / curve.slope)) * per_ug(dna_ng, curve.target)


def per_ug(dna_ng: float, target: str = "DNA input") -> float:
    """Return the factor from copies per well to copies per µg DNA.

    Examples
    --------
    >>> round(3.2 * per_ug(200.0), 6)
    16.0
    """
    if not dna_ng > 0:
        raise StandardCurveError(f"{target}: {dna_ng:g} ng DNA in the well, expected more than 0")
    return NG_PER_UG / dna_ng


def ratio(top: Amount, bottom: Amount, *, factor: float = 1.0) -> Amount:
    """Divide two amounts; their errors add in quadrature on the log scale, side by side.

    References
    ----------
    Donner A, Zou GY. Closed-form confidence intervals for functions of the normal mean and
    standard deviation (MOVER). Stat Methods Med Res 2012. doi:10.1177/0962280210383082

    Examples
    --------
    >>> ratio(Amount(1500.0), Amount(60000.0), factor=2.0).value
    0.05
    """
    if bottom.value is None or not bottom.value > 0:
        return Amount(None)
    value = None if top.value is None else factor * top.value / bottom.value
    if value is None or top.value is None:
        limit = None if top.high is None else factor * top.high / (bottom.low or bottom.value)
        return Amount(None, 0.0 if limit is not None else None, limit)
    low = _side(top.value, top.low, bottom.value, bottom.high)
    high = _side(top.value, top.high, bottom.value, bottom.low)
    return Amount(
        value,
        None if low is None else value * float(np.exp(-low)),
        None if high is None else value * float(np.exp(high)),
    )


def _side(a: float, a_end: float | None, b: float, b_end: float | None) -> float | None:
    """Return one side's distance on the log scale, None where an end is missing."""
    if not a_end or not b_end or a_end <= 0 or b_end <= 0:
        return None
    return float(np.hypot(np.log(a_end / a), np.log(b_end / b)))


def vector_copy_number(
    transgene: Amount, reference: Amount, *, copies_per_diploid_genome: float = 2.0
) -> Amount:
    """Return vector copies per diploid genome, e.g. 2 x CAR / ALB.

    Examples
    --------
    >>> vcn = vector_copy_number(Amount(1500.0), Amount(60000.0))
    >>> vcn.value, round(by_reference(vcn).value, 2)
    (0.05, 7575.76)
    """
    return ratio(transgene, reference, factor=copies_per_diploid_genome)


def by_reference(vcn: Amount) -> Amount:
    """Return copies per µg DNA from copies per diploid genome of 6.6 pg (151,515 per µg)."""
    return vcn.scaled(NG_PER_UG * PG_PER_NG / PG_PER_DIPLOID_GENOME)


def dna_ng(reference: Amount, *, copies_per_diploid_genome: float = 2.0) -> Amount:
    """Return the genomic DNA in a well that the reference gene counts, in ng.

    Examples
    --------
    >>> round(dna_ng(Amount(60606.06)).value, 2)
    200.0
    """
    return reference.scaled(PG_PER_DIPLOID_GENOME / PG_PER_NG / copies_per_diploid_genome)


def per_cart(vcn: Amount, car_fraction: Amount) -> Amount:
    """Return vector copies per CAR+ cell: copies per genome over the fraction of CAR+ cells."""
    return ratio(vcn, car_fraction)


def per_ul_blood(per_ug_dna: Amount, *, dna_yield_ug: float, blood_ul: float) -> Amount:
    """Return copies per µL blood from the DNA that was extracted from a volume of blood.

    After lymphodepletion there is little DNA but the vector's; per µg DNA then misleads.
    """
    if not (dna_yield_ug > 0 and blood_ul > 0):
        raise StandardCurveError(
            f"blood: {dna_yield_ug:g} µg DNA from {blood_ul:g} µL, expected both more than 0"
        )
    return per_ug_dna.scaled(dna_yield_ug / blood_ul)
