"""The release table on the page and in the report: every verdict with its reason."""

from dataclasses import replace

import pytest

from dashboards.pages import release
from dashboards.release import EXAMPLE
from dashboards.report import build_report
from labproc.model import ReleaseRow, SampleKey, SourceFile, Specification, Verdict
from labproc.study import load_study

KEY = SampleKey("D1", "E1", "C", 14, "1", "car")
SPEC = Specification("CAR+", 14, 20.0, 80.0, "", "%", "Live", title="transduction")
SOURCE = SourceFile("raw/<b>x.fcs", "ab" * 32, "fcs")
ROWS = (
    ReleaseRow(SPEC, KEY, Verdict.PASS, "good", 45.2, 43.1, 47.4, 900, "Live", "x.fcs", SOURCE),
    ReleaseRow(
        Specification("sterility", 14, expected="negative", title="sterility"),
        KEY, Verdict.CANNOT_SAY, "not measured on day 14",
    ),
)  # fmt: skip


class Desk:
    def __init__(self, results):
        self.held = results

    def results(self):
        return self.held


def words(page) -> str:
    return str(page.to_plotly_json())


@pytest.fixture
def asked(results):
    return replace(results, release=ROWS)


def test_the_page_shows_value_limits_verdict_and_the_way_to_the_gate(asked) -> None:
    page = words(release.layout(Desk(asked), ""))
    for text in ("transduction of Live", "45.2 (43.1–47.4)", "20 to 80 %", "✓ pass", "900"):
        assert text in page
    assert "▲ cannot say" in page
    assert "1 product: 1 cannot be judged" in page
    assert f"/gates/{'ab' * 8}" in page


def test_the_form_that_is_shown_can_be_used(tmp_path) -> None:
    (tmp_path / "study.toml").write_text(
        '[study]\ncontrol = "C"\n[arms.C]\n[panels.car]\nstrategy = "car_t"\n', encoding="utf-8"
    )
    (tmp_path / "release.csv").write_text(EXAMPLE, encoding="utf-8")
    named = [s.title for s in load_study(tmp_path).release]
    assert named == ["transduction", "purity", "viability", "CD4:CD8", "VCN", "sterility"]


def test_a_study_without_a_table_is_told_how_to_write_one(results) -> None:
    page = words(release.layout(Desk(results), ""))
    assert "release.csv" in page
    assert EXAMPLE.splitlines()[1] in page
    assert 'id="release"' not in build_report(results)


def test_the_report_holds_the_same_escaped(asked) -> None:
    report = build_report(asked)
    assert "45.2 (43.1–47.4)" in report
    assert "not measured on day 14" in report
    hostile = (replace(ROWS[0], origin="<b>x.fcs"),)
    assert "<b>x.fcs" not in build_report(replace(asked, release=hostile))
