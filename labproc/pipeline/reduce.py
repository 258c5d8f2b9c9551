"""From every file's measurements to the study's: totals, growth, trends, comparisons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labproc.counts import combine, culture_volumes
from labproc.errors import NotEnoughData
from labproc.model import Comparison, Flag, Measurement, SampleKey, Trend
from labproc.model.flag import warning
from labproc.pipeline.patients import from_infusion, patients_of
from labproc.pipeline.plan_record import hold_to_plan
from labproc.qpcr.joined import BloodVolume, BloodYield, copies_in_blood, copies_per_cart_cell
from labproc.study import Study
from labproc.trends.dose_trend import DoseResponse


@dataclass(frozen=True, slots=True)
class Derived:
    """What only all files together say."""

    measurements: tuple[Measurement, ...] = ()
    trends: tuple[Trend, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    flags: tuple[Flag, ...] = ()
    doses: tuple[DoseResponse, ...] = ()


def reduce_study(
    study: Study, measured: Sequence[Measurement], first_plan: Mapping[str, Any] | None = None
) -> Derived:
    """Combine the panels of each sample, follow each culture, compare the arms as planned.

    ``first_plan`` is the plan as it was recorded before any comparison: see ``hold_to_plan``.
    """
    from labproc.qpcr.reconcile import reconcile
    from labproc.trends import compare, derive_growth, doses_of, plan_flags, summarise

    combined = combine(measured, culture_volume_ml=culture_volumes(study.culture_log))
    counted = [*reconcile(measured), *combined]
    counted += copies_per_cart_cell(counted)
    counted += copies_in_blood(counted, _blood(study))
    counted = from_infusion(study, counted)
    growth = derive_growth(counted, study.culture_log)
    everything = [*counted, *growth]
    plan = study.plan()
    if plan is None:
        said = warning("no_plan", "study.toml has no [plan]: nothing is compared, only shown")
        return Derived(tuple(everything), flags=(said,))
    trends = summarise(everything, plan)
    patients = patients_of(study)
    doubts = plan_flags(everything, trends, plan, patients=patients)
    doses = tuple(doses_of(everything, trends, plan, patients=patients))
    try:
        comparisons = compare(everything, trends, plan, patients=patients, doses=doses)
    except NotEnoughData as error:
        doubts = (*doubts, warning("not_compared", str(error)))
        return Derived(tuple(everything), tuple(trends), flags=doubts)
    held, changed = hold_to_plan(comparisons, plan, first_plan)
    return Derived(tuple(everything), tuple(trends), tuple(held), (*doubts, *changed), doses)


def _blood(study: Study) -> dict[SampleKey, BloodYield | BloodVolume]:
    """Return what the sheet says of the blood behind each sample of DNA."""
    found: dict[SampleKey, BloodYield | BloodVolume] = {}
    for name, told in study.blood.items():
        key = study.assign_qpcr_sample(name).key
        if key is None:
            continue
        if told.dna_ug is not None:
            found[key.without_tube()] = BloodYield(told.dna_ug, told.blood_ul)
        elif told.elution_ul is not None:
            found[key.without_tube()] = BloodVolume(told.blood_ul, told.elution_ul)
    return found
