"""What is drawn of a plate and of flow against qPCR: the numbers in it, not its looks."""

from dataclasses import replace

import numpy as np
import pytest

from dashboards.figures.agreement import agreement, agreement_ratio, pairs
from dashboards.figures.control_chart import control_chart
from dashboards.figures.plates import standard_curve
from dashboards.pages.plates import show
from dashboards.report_parts import body
from labproc.pipeline.results import Results


def test_standards_stand_at_copies_whatever_unit_the_file_has(results: Results) -> None:
    plate = results.plates[0]
    in_ng = [replace(w, quantity=w.quantity / 300) if w.quantity else w for w in plate.wells]
    figure = standard_curve(results, plate=replace(plate, wells=tuple(in_ng)))
    assert sorted(set(figure.data[0].x)) == [10.0**k for k in range(1, 7)]


def test_a_standard_off_the_line_and_one_left_out_are_told_apart(results: Results) -> None:
    figure = standard_curve(results)
    at = {
        text[:2]: symbol
        for text, symbol in zip(figure.data[0].text, figure.data[0].marker.symbol, strict=True)
    }
    assert (at["A1"], at["B1"], at["C1"]) == ("circle-open", "x-thin-open", "circle")
    assert "left out" in figure.layout.meta["caption"]


def test_a_rejected_control_has_a_sign_of_its_own(results: Results) -> None:
    figure = control_chart(results)
    assert list(figure.data[0].marker.symbol) == ["circle"] * 5 + ["x"]
    assert figure.data[0].y[0] == pytest.approx(1000.0)
    assert "6 plates" in figure.layout.meta["caption"]


def test_the_middle_line_is_the_mean_ratio_of_both_methods(results: Results) -> None:
    found = pairs(results)
    middle = np.exp(np.mean([np.log((q.value or 1) / (f.value or 1)) for f, q in found]))
    lines = [s.y0 for s in agreement_ratio(results).layout.shapes]
    assert lines[1] == pytest.approx(middle)
    assert lines[0] < lines[1] < lines[2]
    assert f"n = {len(found)}" in agreement_ratio(results).layout.meta["caption"]


def test_the_line_of_agreement_is_named(results: Results) -> None:
    assert "Deming" in agreement(results).layout.meta["caption"]


def test_the_plate_page_holds_standards_curves_and_checklist(results: Results) -> None:
    page = str(show(results, results.plates[0].source.sha256))
    for words in ("Standards read back", "Cq from the curves", "MIQE checklist", "plate-trend-0"):
        assert words in page


def test_the_report_holds_curves_checklist_and_trend(results: Results) -> None:
    figures: dict[str, object] = {}
    text = body(results, figures, {})
    assert "MIQE checklist" in text
    assert {"rise0", "trend0", "curve0"} <= figures.keys()


@pytest.mark.parametrize("draw", [control_chart, agreement_ratio])
def test_words_stand_beside_their_lines(draw, results: Results) -> None:
    figure = draw(results)  # a log axis: annotations are in powers of ten, lines are not
    low, high = figure.layout.yaxis.range
    assert figure.layout.annotations
    assert all(low <= a.y <= high for a in figure.layout.annotations)
