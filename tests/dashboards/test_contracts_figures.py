"""One test over every figure: a unit on every axis, and words where there is nothing."""

import re

import pytest

from dashboards.figures import FIGURES
from dashboards.theme import CONFIG
from labproc.pipeline.results import Results

UNIT = re.compile(r".+ \(.+\)$")
NAMES = FIGURES.names()


def axes(figure):
    layout = figure.to_plotly_json()["layout"]
    return {k: v for k, v in layout.items() if re.fullmatch(r"[xy]axis\d*", k)}


@pytest.mark.parametrize("name", NAMES)
def test_every_axis_names_a_unit(name: str, results: Results) -> None:
    drawn = axes(FIGURES.get(name)(results))
    assert len(drawn) >= 2
    for key, axis in drawn.items():
        assert UNIT.fullmatch(axis["title"]["text"]), f"{name} {key}"


@pytest.mark.parametrize("name", NAMES)
def test_a_study_without_data_gives_a_figure_that_says_so(name: str, no_results: Results) -> None:
    figure = FIGURES.get(name)(no_results)
    assert not figure.data
    assert figure.layout.annotations[0].text.startswith("No ")


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_pure(name: str, results: Results) -> None:
    assert FIGURES.get(name)(results) == FIGURES.get(name)(results)


@pytest.mark.parametrize("name", NAMES)
def test_instrument_text_is_inert(name: str, results: Results) -> None:
    assert "<img" not in FIGURES.get(name)(results).to_json().replace("\\u003c", "<")


def test_no_chart_can_be_sent_to_a_cloud_service() -> None:
    assert CONFIG["showSendToCloud"] is False
    assert CONFIG["plotlyServerURL"] == ""
    assert CONFIG["displaylogo"] is False
