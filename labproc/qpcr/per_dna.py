"""Copies against the DNA they came with: a sample's rows per µg and per genome (VCN)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labproc.model import Flag, Measurement, QpcrRun, Status
from labproc.model.flag import review, unique
from labproc.qpcr.controls import matters
from labproc.qpcr.copies import Amount, per_ug, vector_copy_number
from labproc.qpcr.dna_input import PlateSample, amount_of, well_held
from labproc.qpcr.quantities import LIKELIHOOD, UPPER_LIMIT, lloq_of
from labproc.qpcr.results import RunAnalysis, TargetFit
from labproc.qpcr.rules import QpcrRules

INTERVAL_OF = {
    LIKELIHOOD: "counting, replicates and curve",
    UPPER_LIMIT: "counting only (upper limit)",
}


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Builds the rows of one sample from one plate."""

    sample: PlateSample
    run: QpcrRun
    fit: TargetFit
    flags: tuple[Flag, ...]

    def row(
        self,
        metric: str,
        amount: Amount,
        *,
        factor: float | None = None,
        flags: tuple[Flag, ...] = (),
        status: Status | None = None,
        parameters: Mapping[str, float | str] | None = None,
        draws: NDArray[np.float64] | None = None,
    ) -> Measurement:
        """Return one row; ``factor`` scales the sample's own draws."""
        car = self.sample.car
        own = None if factor is None or car.draws is None else car.draws * factor
        status = Status.INVALID if self.sample.has_no_dna else status
        return Measurement(
            self.sample.key,
            metric,
            amount.value,
            amount.low,
            amount.high,
            interval_of=INTERVAL_OF.get(car.method, "replicates and curve"),
            n=car.n_wells,
            parent=car.target,
            status=(status or car.status).value,
            flags=unique([*self.flags, *flags]),
            source=self.run.source,
            version=_version(self.fit),
            parameters={"method": car.method, "n_detected": car.n_detected, **(parameters or {})},
            draws=own if draws is None else draws,
        )


def per_mass(
    make: RowMaker, car: Amount, input_ng: float | None, extra: tuple[Flag, ...], rules: QpcrRules
) -> list[Measurement]:
    """Return copies per µg and per 100 ng DNA, with the limit that the input carries."""
    if input_ng is None:
        metrics = ("copies_per_ug", "copies_per_100ng")
        return [make.row(m, Amount(None), flags=extra, status=Status.INVALID) for m in metrics]
    found, factor = make.sample.car, per_ug(input_ng)
    computed = lloq_of(found, make.fit, rules) * factor
    told: dict[str, float | str] = {"dna_ng": input_ng, "lloq_copies_per_ug": computed}
    status, claim = found.status, rules.lloq_copies_per_ug
    if claim is not None and claim < computed:
        extra = (*extra, _refused(make, claim, computed, input_ng))
    elif claim is not None and found.copies is not None and found.copies * factor < claim:
        status = Status.BELOW_LLOQ if status is Status.QUANTIFIED else status
        told["lloq_copies_per_ug"] = claim
    return [
        make.row(
            metric,
            car.scaled(factor * share),
            factor=factor * share,
            flags=extra,
            status=status,
            parameters=told,
        )
        for metric, share in (("copies_per_ug", 1.0), ("copies_per_100ng", 0.1))
    ]


def _refused(make: RowMaker, claim: float, computed: float, input_ng: float) -> Flag:
    text = (
        f"{make.sample.key.label or make.sample.car.sample}: a limit of {claim:g} copies per µg is "
        f"{claim / per_ug(input_ng):.3g} copies in {input_ng:g} ng; {make.sample.car.n_wells} "
        f"replicates carry {computed:.3g}; the claim is refused, raise input or replicates"
    )
    return review("lloq_claim_refused", text)


def against_reference(
    make: RowMaker,
    sample: PlateSample,
    counted: Amount,
    analysis: RunAnalysis,
    rules: QpcrRules,
    extra: tuple[Flag, ...],
) -> list[Measurement]:
    """Return VCN and the DNA input that the reference gene counts."""
    reference = sample.reference
    assert reference is not None
    other = analysis.fit_of(reference.target)
    doubts = unique([*reference.flags, *(of_curve(other) if other else ()), *extra])
    vcn = vector_copy_number(
        amount_of(sample.car),
        amount_of(reference),
        copies_per_diploid_genome=rules.copies_per_diploid_genome,
    )
    moved = None
    if sample.car.draws is not None and reference.draws is not None:
        moved = rules.copies_per_diploid_genome * sample.car.draws / reference.draws
    usable = vcn.value is not None or vcn.high is not None
    status = None if usable else Status.INVALID
    rows = [make.row("vcn", vcn, flags=doubts, status=status, draws=moved)]
    if counted.value is not None:
        held = well_held(sample, sample.nominal_ng)
        made = make.row(
            "dna_ng_by_reference",
            counted,
            flags=doubts,
            status=reference.status,
            parameters=held,
        )
        rows.append(made)
    return rows


def of_curve(fit: TargetFit) -> tuple[Flag, ...]:
    """Return the curve's flags that a reader of its numbers has to know."""
    return tuple(f for f in fit.flags if matters(f))


def _version(fit: TargetFit) -> str:
    if fit.curve is None:
        return ""
    return f"curve {fit.target}: {fit.curve.slope:.4f}, {fit.curve.intercept:.4f}"
