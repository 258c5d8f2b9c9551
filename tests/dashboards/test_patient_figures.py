"""Patients and doses of a study as figures and in its report."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashboards.figures import FIGURES
from dashboards.report import build_report
from labproc.pipeline.results import Arm, Results
from labproc.pipeline.runner import run_study
from labproc.simulate import Design, write_study

DESIGN = Design(
    donors=3, days=(0, 2, 10), panels=("car", "count"), n_events=2000, doses_um=(0.1, 0.5, 2.0)
)
NAMES = ("survival", "survival_second", "swimmer", "copies_by_arm", "dose")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, DESIGN)
    results = run_study(folder, hold=(), workers=1).results
    assert results is not None
    return results


@pytest.mark.parametrize("name", NAMES)
def test_each_figure_draws_with_units_and_says_what_it_shows(name: str, whole: Results) -> None:
    figure = FIGURES.get(name)(whole)
    assert figure.data
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert "(" in axis.title.text
        assert axis.title.text.endswith(")")


def test_the_dose_figure_has_every_dose_and_donor(whole: Results) -> None:
    figure = FIGURES.get("dose")(whole)
    assert list(figure.layout.xaxis.ticktext) == ["0", "0.1", "0.5", "2", "10"]
    thin = [t for t in figure.data if t.mode == "lines+markers"]
    assert len(thin) == 3
    assert [len(t.x) for t in thin] == [5, 5, 5]
    assert whole.doses[0].table.outcome.name == "cart_growth_rate"


def test_arms_of_the_dose_series_stay_out_of_the_growth_curve(whole: Results) -> None:
    assert [a.name for a in whole.main_arms] == ["C", "C+Len"]
    names = {str(t.name) for t in FIGURES.get("growth")(whole).data}
    assert not any("L0.5" in name for name in names)
    everyone = replace(whole, arms=tuple(Arm(a.name, a.label, a.is_control) for a in whole.arms))
    assert any("L0.5" in str(t.name) for t in FIGURES.get("growth")(everyone).data)


def test_the_report_has_a_part_on_patients_and_the_dose_series(whole: Results) -> None:
    page = build_report(whole)
    for words in (
        'id="patients"',
        "Table 1.",
        "Table 2. Response",
        "Kaplan-Meier",
        "immortal time",
        "5. Response to the dose",
        "Dunnett within donors",
        "not advice",
    ):
        assert words in page, words  # fmt: skip
    assert page.index('id="figures"') < page.index('id="patients"') < page.index('id="look"')


def test_a_study_without_patients_has_no_such_part(whole: Results, tmp_path: Path) -> None:
    page = build_report(replace(whole, cohort=None))
    assert 'id="patients"' not in page
    assert "#patients" not in page
