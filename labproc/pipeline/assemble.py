"""From what the store holds to everything that is shown of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from labproc.model import Flag, Measurement
from labproc.model.flag import unique, warning
from labproc.pipeline.attention import by_attention
from labproc.pipeline.cohort import view_cohort
from labproc.pipeline.decided import with_decisions
from labproc.pipeline.gather import known_files
from labproc.pipeline.groups import group_flags
from labproc.pipeline.methods import methods_text
from labproc.pipeline.outcomes import FlowOutcome, Outcomes, PlateOutcome
from labproc.pipeline.patients import events_from_infusion, patients_of
from labproc.pipeline.payload import decode
from labproc.pipeline.plan_record import first_plan
from labproc.pipeline.reduce import reduce_study
from labproc.pipeline.release import release_rows
from labproc.pipeline.remembered import Remembered
from labproc.pipeline.results import Arm, FileStatus, Results, TubeView
from labproc.pipeline.signing import signature_views
from labproc.pipeline.together import together
from labproc.pipeline.versions import software_versions
from labproc.store import (
    Decision,
    Store,
    StoredResult,
    current_decisions,
    current_results,
    omission_history,
)
from labproc.study import Study

KEPT = 512  # decoded payloads, some 100 KB each


def decode_outcomes(results: Sequence[StoredResult]) -> Outcomes:
    """Decode the payloads of the results that are done."""
    flows = [_flow(r.payload) for r in results if r.kind == "fcs" and r.payload]
    plates = [_plate(r.payload) for r in results if r.kind == "qpcr" and r.payload]
    of_flow = (m for outcome in flows for m in outcome.measurements)
    of_plates = (m for outcome in plates for m in outcome.measurements)
    return Outcomes(
        tuple(f.view for f in flows),
        tuple(p.view for p in plates),
        (*of_flow, *of_plates),
        tuple(_unassigned(p) for p in plates if p.unassigned),
    )


# a reviewer's change makes one or two new payloads; the others need not be decoded again
@lru_cache(maxsize=KEPT)
def _flow(payload: bytes) -> FlowOutcome:
    return decode(payload, FlowOutcome)


@lru_cache(maxsize=KEPT)
def _plate(payload: bytes) -> PlateOutcome:
    return decode(payload, PlateOutcome)


def _unassigned(outcome: PlateOutcome) -> Flag:
    names = ", ".join(repr(n) for n in outcome.unassigned)
    return warning(
        "samples_not_assigned",
        f"{outcome.view.source.path}: samples {names} fit neither sample_pattern nor "
        "samples.csv; their copies per well stand in copies.csv only",
    )


def assemble(
    study: Study,
    store: Store,
    statuses: Sequence[FileStatus],
    *,
    results: Sequence[StoredResult] | None = None,
    decisions: Mapping[str, Decision] | None = None,
    remembered: Remembered | None = None,
) -> Results:
    """Reduce the study's measurements and put everything that is shown of it together.

    ``results`` and ``decisions`` are those that stand now, where no earlier ones are given;
    ``remembered`` what the outlier model said before, as the store has it.
    """
    decoded = decode_outcomes(current_results(store) if results is None else results)
    decided = current_decisions(store) if decisions is None else decisions
    outcomes = with_decisions(decoded, decided)
    derived = reduce_study(study, outcomes.measured, first_plan(store))
    cohort, doubts = view_cohort(study, derived.measurements)
    all_plates = together(study.settings, outcomes.plates)
    off = group_flags(study, outcomes.tubes, _plates_of(study, store))
    tubes = by_attention(_with(outcomes.tubes, off), remembered or Remembered.of(store))
    return Results(
        title=study.settings.study.title,
        folder=study.folder,
        arms=_arms(study),
        files=tuple(statuses),
        measurements=derived.measurements,
        trends=derived.trends,
        comparisons=derived.comparisons,
        tubes=tubes,
        plates=all_plates.plates,
        culture_events=study.culture_log,
        patient_events=events_from_infusion(study),
        patient_names=patients_of(study),
        lloq_copies_per_ug=_lloq(derived.measurements),
        versions=software_versions(),
        methods=methods_text(study, outcomes.tubes, outcomes.plates, derived.comparisons, cohort),
        audit_head=store.audit_head(),
        flags=unique((*outcomes.flags, *derived.flags, *doubts, *all_plates.flags)),
        control_charts=all_plates.charts,
        limits=all_plates.limits,
        signatures=signature_views(store),
        cohort=cohort,
        doses=derived.doses,
        omissions=omission_history(store),
        release=release_rows(study, derived.measurements, tubes, decided),
    )


def _plates_of(study: Study, store: Store) -> dict[str, str]:
    """Return each file's plate, where any panel shares a gate by plate."""
    panels = study.settings.panels.values()
    if not any("plate" in by for panel in panels for by in panel.shared.values()):
        return {}
    return {f.sha256: f.plate for f in known_files(study, store)}


def _with(tubes: Sequence[TubeView], flags: Mapping[str, tuple[Flag, ...]]) -> tuple[TubeView, ...]:
    """Return the tubes with what only their group says of them."""
    return tuple(
        replace(t, flags=unique((*t.flags, *flags.get(t.source.sha256, ())))) for t in tubes
    )


def _lloq(measured: Sequence[Measurement]) -> float | None:
    """Return the highest LLOQ of any sample: what every sample of the study can be read down to."""
    found = (
        m.parameters.get("lloq_copies_per_ug") for m in measured if m.metric == "copies_per_ug"
    )
    return max((float(v) for v in found if isinstance(v, float)), default=None)


def _arms(study: Study) -> tuple[Arm, ...]:
    control, plan = study.settings.study.control, study.settings.plan
    arms = study.settings.arms
    compared = (control, *plan.treated) if plan and plan.treated else tuple(arms)
    return tuple(
        Arm(name, arm.label or name, name == control, name not in compared)
        for name, arm in arms.items()
    )
