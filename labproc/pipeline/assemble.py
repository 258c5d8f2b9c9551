"""From what the store holds to everything that is shown of a study."""

from collections.abc import Sequence
from dataclasses import dataclass

from labproc.model import Flag, Measurement
from labproc.model.flag import unique, warning
from labproc.pipeline.attention import by_attention
from labproc.pipeline.limits import limit_flags, study_limits, with_study_limits
from labproc.pipeline.methods import methods_text
from labproc.pipeline.outcomes import FlowOutcome, PlateOutcome
from labproc.pipeline.patients import patients_of
from labproc.pipeline.payload import decode
from labproc.pipeline.plates import control_charts, omission_flags, with_trend
from labproc.pipeline.pooling import pooling_flags
from labproc.pipeline.reduce import Derived, reduce_study
from labproc.pipeline.results import Arm, FileStatus, PlateView, Results, TubeView
from labproc.pipeline.signing import signature_views
from labproc.pipeline.settings import qpcr_rules
from labproc.pipeline.versions import software_versions
from labproc.store import Store, StoredResult
from labproc.study import Study


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Every current result of a study, decoded."""

    tubes: tuple[TubeView, ...]
    plates: tuple[PlateView, ...]
    measured: tuple[Measurement, ...]
    flags: tuple[Flag, ...]


def decode_outcomes(results: Sequence[StoredResult]) -> Outcomes:
    """Decode the payloads of the results that are done."""
    flows = [decode(r.payload, FlowOutcome) for r in results if r.kind == "fcs" and r.payload]
    plates = [decode(r.payload, PlateOutcome) for r in results if r.kind == "qpcr" and r.payload]
    of_flow = (m for outcome in flows for m in outcome.measurements)
    of_plates = (m for outcome in plates for m in outcome.measurements)
    return Outcomes(
        tuple(f.view for f in flows),
        tuple(p.view for p in plates),
        (*of_flow, *of_plates),
        tuple(_unassigned(p) for p in plates if p.unassigned),
    )


def _unassigned(outcome: PlateOutcome) -> Flag:
    names = ", ".join(repr(n) for n in outcome.unassigned)
    return warning(
        "samples_not_assigned",
        f"{outcome.view.source.path}: samples {names} fit neither sample_pattern nor "
        "samples.csv; their copies per well stand in copies.csv only",
    )


def assemble(study: Study, store: Store, statuses: Sequence[FileStatus]) -> Results:
    """Reduce the study's measurements and put everything that is shown of it together."""
    outcomes = decode_outcomes(store.current_results())
    derived = reduce_study(study, outcomes.measured)
    charts, rules = control_charts(outcomes.plates), qpcr_rules(study.settings)
    limits = study_limits(study.settings, outcomes.plates, rules)
    return Results(
        title=study.settings.study.title,
        folder=study.folder,
        arms=_arms(study),
        files=tuple(statuses),
        measurements=derived.measurements,
        trends=derived.trends,
        comparisons=derived.comparisons,
        tubes=by_attention(outcomes.tubes),
        plates=with_study_limits(with_trend(outcomes.plates, charts), limits, rules),
        culture_events=study.culture_log,
        patient_events=study.patient_events,
        patient_names=patients_of(study),
        lloq_copies_per_ug=_lloq(derived.measurements),
        versions=software_versions(),
        methods=methods_text(study, outcomes.tubes, outcomes.plates, derived.comparisons),
        audit_head=store.audit_head(),
        flags=(
            *_flags(study, outcomes, derived),
            *limit_flags(study.settings, outcomes.plates, limits, rules),
        ),
        control_charts=charts,
        signatures=signature_views(store),
        limits=limits,
    )


def _flags(study: Study, outcomes: Outcomes, derived: Derived) -> tuple[Flag, ...]:
    left_out = omission_flags(study.settings, outcomes.plates)
    pooled = pooling_flags(study.settings, outcomes.plates)
    return unique((*outcomes.flags, *derived.flags, *left_out, *pooled))


def _lloq(measured: Sequence[Measurement]) -> float | None:
    """Return the highest LLOQ of any sample: what every sample of the study can be read down to."""
    found = (
        m.parameters.get("lloq_copies_per_ug") for m in measured if m.metric == "copies_per_ug"
    )
    return max((float(v) for v in found if isinstance(v, float)), default=None)


def _arms(study: Study) -> tuple[Arm, ...]:
    control = study.settings.study.control
    arms = study.settings.arms
    return tuple(Arm(name, arm.label or name, name == control) for name, arm in arms.items())
