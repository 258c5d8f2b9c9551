"""Who of a study is a patient, and from which day their days are counted."""

from collections.abc import Sequence
from dataclasses import replace

from labproc.cohort.infusion import Infusion, read_infusion
from labproc.model import Measurement, PatientEvent
from labproc.study import Study


def patients_of(study: Study) -> frozenset[str]:
    """Return who stands in the patient table or its events and has no line in the culture log."""
    named = {e.patient for e in study.patient_events} | set(study.assigner.patient_arms)
    return frozenset(named - {"", *(e.culture[0] for e in study.culture_log)})


def infusion_of(study: Study) -> Infusion:
    """Return how the cells were given, one infusion on day 0 where nothing is said.

    Raises
    ------
    SettingsError
        If the parts do not add up to 100 %.
    """
    said = study.settings.infusion
    if said is None:
        return Infusion()
    told = said.model_dump(exclude_unset=True, exclude_none=True)
    return read_infusion({k: list(v) if isinstance(v, tuple) else v for k, v in told.items()})


def from_infusion(study: Study, measured: Sequence[Measurement]) -> list[Measurement]:
    """Return the measurements, patients' days counted from the infusion that is day 0."""
    infusion = infusion_of(study)
    if not infusion.offset:
        return list(measured)
    patients = patients_of(study)
    return [_moved(m, infusion) if m.key.donor in patients else m for m in measured]


def _moved(one: Measurement, infusion: Infusion) -> Measurement:
    if one.key.day is None:
        return one
    return replace(one, key=replace(one.key, day=infusion.day(one.key.day)))


def events_from_infusion(study: Study) -> tuple[PatientEvent, ...]:
    """Return what happened to patients on days as their measurements count them."""
    infusion = infusion_of(study)
    return tuple(replace(e, day=infusion.day(e.day)) for e in study.patient_events)
