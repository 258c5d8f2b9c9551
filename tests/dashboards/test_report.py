"""The report: one file, whole, inert, small."""

import re
from dataclasses import replace

import pytest

from dashboards.report import build_report
from labproc.model.flag import info, review
from labproc.pipeline.results import AcceptanceRow, Results


@pytest.fixture(scope="module")
def page(results: Results) -> str:
    return build_report(results)


def words(page: str) -> str:
    return re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.S)


def test_the_four_figures_stand_first_each_with_its_comparison(page: str, results: Results) -> None:
    text = words(page)
    order = [text.index(f'data-figure="{n}"') for n in ("growth", "ratio", "copies", "timeline")]
    assert order == sorted(order)
    assert order[0] < text.index(results.comparisons[0].sentence) < order[1]
    assert text.index("To look at") < text.index('data-figure="gating-car"')


def test_instrument_text_is_escaped_everywhere(page: str) -> None:
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_nothing_points_to_another_host(page: str) -> None:
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    assert "default-src 'none'" in page


def test_the_report_is_at_most_2_megabytes(page: str) -> None:
    assert len(page.encode()) <= 2_000_000


def test_it_names_versions_hashes_methods_and_the_audit_head(page: str, results: Results) -> None:
    for text in (results.audit_head, results.methods[0], results.files[0].sha256, "0.1.0"):
        assert text in page


def test_a_study_without_results_gives_a_report_that_says_so(no_results: Results) -> None:
    text = words(build_report(no_results))
    assert "No number was measured yet." in text
    assert "No qPCR plate was read." in text
    assert "no change was made by hand" in text


def test_two_builds_are_equal(page: str, results: Results) -> None:
    assert build_report(results) == page


def test_what_quality_control_cut_is_listed_and_drawn(page: str, results: Results) -> None:
    text = words(page)
    assert "In 1 of 1 tube a part of the time was left out." in text
    assert 'data-figure="flow0"' in text
    assert "15.0 %" in text[text.index("Acquisition over time") :]


def test_every_panel_has_its_steps_and_every_odd_tube(page: str) -> None:
    text = words(page)
    assert "Panel car, strategy car_t" in text
    assert 'data-figure="odd0"' in text
    assert text.index("Tubes to look at") < text.index('data-figure="odd0"')


PLURAL = re.compile(
    r"(?<![\d.,])1 (?:more |FCS |audit )?"
    r"(?:notes|rows|files|lines|days|tubes|wells|levels|rules|items|plates|samples|donors|patients)\b"
)


def test_one_of_a_thing_is_not_called_many(results: Results) -> None:
    failed = AcceptanceRow("r_squared", "CAR", "at least 0.98", "0.91", "fail")
    noted = replace(
        results.plates[0], flags=(info("master_curve", "one note"),), acceptance=(failed,)
    )
    lone = replace(
        results,
        files=results.files[:1],
        measurements=results.measurements[:1],
        comparisons=results.comparisons[:1],
        tubes=results.tubes[-1:],
        plates=(noted,),
    )
    text = re.sub(r"<[^>]+>", "", words(build_report(lone)))
    for said in ("1 note", "1 row", "1 file", "1 rule failed", "1 of 1 tube "):
        assert said in text
    assert PLURAL.findall(text) == []
    many = words(build_report(replace(lone, files=results.files[:2])))
    assert "2 files" in many


def test_comparisons_are_named_as_people_name_them(page: str) -> None:
    assert "<td>Growth rate of CAR-T cells</td>" in page
    assert "cart_growth_rate" not in page


def test_a_plate_that_asks_for_a_look_stands_among_the_samples(results: Results) -> None:
    plate = replace(results.plates[0], flags=(review("off_line", "A3 lies off the line"),))
    calm = replace(results.plates[0], flags=(info("a", "a note"),), name="calm plate")
    seen = replace(plate, name="approved plate", review="approved")
    text = words(build_report(replace(results, plates=(plate, calm, seen))))
    look = text[text.index('id="look"') : text.index('id="gates"')]
    assert f"<td>{plate.name}</td><td>A3 lies off the line</td>" in look
    assert "calm plate" not in look
    assert "approved plate" not in look
