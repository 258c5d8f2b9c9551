"""``labproc export``: a study's results in the formats of other programs."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboards.static_figures import in_mm
from labproc.simulate import Design, write_study

Run = Callable[..., Any]  # gives code, out and err
SMALL = Design(donors=2, days=(0, 2), panels=("count",), n_events=800, with_patient=False)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from labproc.pipeline.runner import run_study

    folder = tmp_path_factory.mktemp("study")
    write_study(folder, SMALL)
    run_study(folder, workers=1, hold=())
    return folder


FORMATS = {
    "csv": "measurements.csv",
    "xlsx": "CAR-T_cells_with_and_without_lenalidomide_simulated.xlsx",
    "parquet": "measurements.parquet",
    "prism": "CAR-T_cells_with_and_without_lenalidomide_simulated.pzfx",
    "rdml": "D1_CAR_ALB.rdml",
    "gatingml": "2026-03-02_D1_C_d00_count.xml",
    "flowjo": "CAR-T_cells_with_and_without_lenalidomide_simulated.wsp",
}


@pytest.mark.parametrize("wanted", FORMATS)
def test_every_format_is_written_and_named(
    study: Path, tmp_path: Path, labproc: Run, wanted: str
) -> None:
    out = tmp_path / "new" / wanted
    ran = labproc("export", study, "--to", wanted, out, "--json")
    assert ran.code == 0, ran.err
    written = [json.loads(line) for line in ran.out.splitlines()]
    assert FORMATS[wanted] in {row["file"] for row in written}
    assert {Path(row["path"]) for row in written} == set(out.iterdir())


def test_the_study_is_this_folder_where_none_is_named(
    study: Path, tmp_path: Path, labproc: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study)
    assert labproc("export", "--to", "csv", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "measurements.csv").is_file()


def test_an_unknown_format_is_answered_with_the_nearest(
    study: Path, tmp_path: Path, labproc: Run
) -> None:
    ran = labproc("export", study, "--to", "exel", tmp_path)
    assert ran.code == 2
    assert "no export format 'exel'; did you mean 'xlsx'?" in ran.err


def test_places_that_are_missing_or_too_many(study: Path, labproc: Run) -> None:
    assert labproc("export", "--to", "csv").code == 2
    assert "found 3 paths" in labproc("export", study, "--to", "csv", "a", "b").err
    assert labproc("export", study / "nowhere", "--to", "csv", "a").code == 2


def test_a_tube_that_left_raw_is_named_and_the_others_are_written(
    study: Path, tmp_path: Path, labproc: Run
) -> None:
    gone = next((study / "raw").rglob("D2_C_d02_count.fcs"))
    kept = gone.rename(tmp_path / gone.name)
    try:
        ran = labproc("export", study, "--to", "gatingml", tmp_path / "out")
    finally:
        kept.rename(gone)
    assert ran.code == 3
    assert "D2_C_d02_count.fcs: not in raw/ any more" in ran.err
    assert len(list((tmp_path / "out").iterdir())) == 7


def test_drawings_get_their_width_on_paper() -> None:
    svg = '<svg class="x" width="400" height="300" viewBox="0 0 400 300"><rect width="400"/></svg>'
    sized = in_mm(svg, 85)
    assert sized.startswith('<svg class="x" width="85mm" height="63.75mm" viewBox="0 0 400 300">')
    assert '<rect width="400"/>' in sized


def test_figures_are_drawn_with_text_as_text(study: Path, tmp_path: Path, labproc: Run) -> None:
    pytest.importorskip("kaleido")
    ran = labproc("export", study, "--to", "figures", tmp_path)
    if ran.code == 2 and "expected kaleido and a browser" in ran.err:
        pytest.skip("no browser to draw with")
    assert ran.code == 0, ran.err
    growth = (tmp_path / "growth_85mm.svg").read_text(encoding="utf-8")
    assert 'width="85mm"' in growth[:300]
    assert re.search(r"<text[^>]*>.*?Day", growth, re.DOTALL)
    assert (tmp_path / "growth.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")


def test_help_and_registry_name_the_same_formats(labproc: Run) -> None:
    from labproc.exchange import EXPORTS

    shown = labproc("export", "--help").out.split("FORMAT:")[1].split()
    assert {*EXPORTS.names(), "figures"} <= set(shown)
