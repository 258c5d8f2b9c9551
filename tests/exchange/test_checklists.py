import csv
from pathlib import Path

from labproc.exchange import EXPORTS
from labproc.exchange.checklists import YOURS
from labproc.pipeline.results import Results


def table(results: Results, folder: Path) -> list[dict[str, str]]:
    (path,) = EXPORTS.get("checklists").write(results, folder)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_what_the_results_know_is_filled_in(results: Results, tmp_path: Path) -> None:
    rows = {(r["standard"], r["asks"]): r["answer"] for r in table(results, tmp_path)}
    assert "slope" in rows["MIQE", "slope, efficiency, R²"]
    assert "QuantStudio 7" in rows["MIQE", "instrument"]
    assert rows["TREND", "interventions"] != YOURS


def test_what_no_file_knows_is_left_to_the_authors(results: Results, tmp_path: Path) -> None:
    rows = {(r["standard"], r["asks"]): r["answer"] for r in table(results, tmp_path)}
    assert rows["MIFlowCyt", "reagents: clones, dyes, lots"] == YOURS
    assert rows["MIQE", "sequences of primers, probes and amplicons"] == YOURS


def test_no_cell_is_empty_and_every_standard_is_there(results: Results, tmp_path: Path) -> None:
    rows = table(results, tmp_path)
    assert all(r["answer"] for r in rows)
    assert {"MIFlowCyt", "MIQE", "TREND"} <= {r["standard"] for r in rows}


def test_an_empty_study_has_a_checklist_too(tmp_path: Path) -> None:
    assert len(table(Results("t", tmp_path, ()), tmp_path)) > 20
