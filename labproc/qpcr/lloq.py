"""The least that can be quantified, computed from replicates, scatter and DNA input."""

import numpy as np

from labproc.errors import SettingsError
from labproc.qpcr.copies import per_ug
from labproc.qpcr.low_copy import POISSON_ZERO
from labproc.qpcr.results import RunAnalysis
from labproc.qpcr.rules import QpcrRules


def lloq_copies_per_well(
    n_wells: int, *, cv: float = 0.35, sd_cycles: float = 0.0, slope: float = -3.32
) -> float:
    """Return the copies per well from which the relative error is at most ``cv``.

    Counting error 1 / sqrt(n L) and the assay's scatter in cycles, averaged over the wells; never
    below the copies that are found in 95 % of tries, 3.00 / n. Infinite where the assay's scatter
    alone is larger.

    Examples
    --------
    >>> round(lloq_copies_per_well(3), 2), round(lloq_copies_per_well(1), 2)
    (2.72, 8.16)
    """
    technical = (sd_cycles * np.log(10) / abs(slope)) ** 2 / n_wells
    if technical >= cv**2:
        return float("inf")
    return max(float(1 / (n_wells * (cv**2 - technical))), POISSON_ZERO / n_wells)


def lloq_copies_per_ug(
    n_wells: int,
    *,
    dna_ng: float,
    cv: float = 0.35,
    sd_cycles: float = 0.0,
    slope: float = -3.32,
    claim: float | None = None,
) -> float:
    """Return the limit of quantification in copies per µg DNA.

    Parameters
    ----------
    n_wells : int
        Replicates of one sample.
    dna_ng : float
        Genomic DNA per well, ng.
    claim : float or None
        What the lab states; returned where input and replicates carry it.

    Raises
    ------
    SettingsError
        If the claim is lower than what the input and replicates can carry.

    Examples
    --------
    >>> lloq_copies_per_ug(3, dna_ng=200.0, claim=50.0)
    50.0
    """
    least = lloq_copies_per_well(n_wells, cv=cv, sd_cycles=sd_cycles, slope=slope)
    limit = least * per_ug(dna_ng)
    if claim is None:
        return limit
    if claim < limit:
        raise SettingsError(
            f"qpcr: lloq_copies_per_ug is {claim:g}, but {claim / per_ug(dna_ng):.3g} copies in "
            f"{dna_ng:g} ng per well in {n_wells} replicates are counted to no better than "
            f"{cv:.0%}; expected at least {limit:.3g}; raise the input or the replicates"
        )
    return claim


def plate_lloq_copies_per_ug(
    analysis: RunAnalysis, rules: QpcrRules, *, dna_ng: float | None = None
) -> float | None:
    """Return the limit that a plate's samples share, None where input or curve is unknown.

    The fewest replicates of any sample count, at ``dna_ng`` or the assay's own input. A claim is
    used where input and replicates carry it, and the computed limit where they do not.
    """
    fit, input_ng = analysis.fit_of(rules.transgene), dna_ng or rules.dna_ng_per_well
    if fit is None or fit.poisson is None or input_ng is None:
        return None
    wells = [s.n_wells for s in analysis.samples if s.target == fit.target and s.sample]
    if not wells:
        return None
    limit = lloq_copies_per_ug(
        min(wells),
        dna_ng=input_ng,
        cv=rules.lloq_cv,
        sd_cycles=fit.poisson.sd,
        slope=fit.poisson.slope,
    )
    return max(limit, rules.lloq_copies_per_ug or 0.0)
