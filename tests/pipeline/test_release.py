"""A study's release table in a run: tables, approvals, and wrong tables before any work."""

import csv
from pathlib import Path

import pytest

from labproc import store as stores
from labproc.errors import StudyError
from labproc.pipeline.runner import RunReport, run_study
from labproc.store import Store

TABLE = "metric,parent,panel,day,low,high,unit\n"


def rows(study: Path) -> list[dict[str, str]]:
    with (study / "results/tables/release.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def again(folder: Path) -> RunReport:
    return run_study(folder, hold=(), workers=1)


@pytest.fixture
def asked(study: Path) -> Path:
    """Return the finished study with a release table that no run has seen."""
    lines = "viability,,car,last,50,,%\ntransduction,Live,car,last,0.1,0.9,fraction\n"
    (study / "release.csv").write_text(TABLE + lines, encoding="utf-8")
    return study


def test_a_run_writes_the_release_table_and_reads_no_file_for_it(asked: Path) -> None:
    study, report = asked, again(asked)
    assert (report.exit_code, report.n_done, report.changed) == (0, 0, True)
    found = rows(study)
    assert {r["specification"] for r in found} == {"viability", "transduction"}
    assert all(len(r["sha256"]) == 64 for r in found)
    populations = study / "results/tables/populations.csv"
    with populations.open(encoding="utf-8") as file:
        live = {
            (r["donor"], r["arm"], r["day"]): float(r["estimate"])
            for r in csv.DictReader(file)
            if (r["population"], r["panel"], r["role"]) == ("Live", "car", "sample")
        }
    mine = [r for r in found if r["specification"] == "viability"]
    assert mine
    for row in mine:
        assert float(row["value"]) == pytest.approx(
            100 * live[(row["donor"], row["arm"], row["day"])]
        )


def test_a_second_run_does_nothing_and_an_approval_or_a_new_limit_makes_it_anew(
    asked: Path,
) -> None:
    study = asked
    again(study)
    assert not again(study).changed
    sha256 = next(r["sha256"] for r in rows(study) if r["value"])
    with Store.open(study / "results/labproc.sqlite") as store:
        stores.decide(store, sha256, "rejected", who="ann", reason="wrong tube")
    assert again(study).changed
    rejected = [r for r in rows(study) if r["sha256"] == sha256]
    assert {r["reason"] for r in rejected} == {"a reviewer rejected the sample"}
    (study / "release.csv").write_text(TABLE + "viability,,car,last,100,,%\n", encoding="utf-8")
    report = again(study)
    assert (report.changed, report.n_done) == (True, 0)
    assert "pass" not in {r["verdict"] for r in rows(study)}


def test_a_wrong_table_is_refused_before_any_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text('[panels.car]\nstrategy = "car_t"\n', encoding="utf-8")
    (tmp_path / "raw").mkdir()
    (tmp_path / "release.csv").write_text(TABLE + "viabilty,,car,last,50,,%\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"release.csv, line 2: no metric or population"):
        again(tmp_path)
    assert not (tmp_path / "results").exists()
