"""Who of a study is a patient: their courses are no cultures."""

from labproc.study import Study


def patients_of(study: Study) -> frozenset[str]:
    """Return who stands in the patient table or its events and has no line in the culture log."""
    named = {e.patient for e in study.patient_events} | set(study.assigner.patient_arms)
    return frozenset(named - {"", *(e.culture[0] for e in study.culture_log)})
