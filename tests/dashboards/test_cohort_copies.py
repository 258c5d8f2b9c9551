import pytest

from dashboards.cohort_copies import copies_figure
from labproc.model import Measurement, SampleKey


def sample(patient: str, arm: str, day: int, copies: float | None) -> Measurement:
    key = SampleKey(patient, "", arm, day)
    if copies is None:
        return Measurement(key, "copies_per_ug", None, None, 40.0, status="not_detected")
    return Measurement(key, "copies_per_ug", copies, status="quantified")


def test_arms_are_geometric_means_of_patients_at_visits() -> None:
    measured = [
        sample("P1", "C", 28, 100.0),
        sample("P2", "C", 30, 400.0),
        sample("P1", "C", 91, None),  # stands at half of 40
        sample("P2", "C", 91, 80.0),
        sample("P3", "C+Len", 28, 900.0),  # one patient is no mean
    ]
    means = {
        t.name: t for t in copies_figure(measured, ["C", "C+Len"]).data if t.showlegend is None
    }
    assert list(means["C (n = 2)"].x) == [28, 91]
    assert list(means["C (n = 2)"].y) == pytest.approx([200.0, 40.0])
    assert len(means["C+Len (n = 1)"].x) == 0


def test_nothing_measured_is_said() -> None:
    assert not copies_figure([], ["C"]).data
