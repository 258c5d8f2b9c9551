"""One run over a study: everything is done once, traced to its file, and nothing is lost."""

import csv
import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from labproc.errors import StudyError
from labproc.pipeline.review import audit_rows, decide, preview_gate, save_gate
from labproc.pipeline.runner import RunReport, load_results, run_study
from labproc.pipeline.verify import verify_study
from labproc.store import TABLES, columns_of

Finished = tuple[Path, RunReport]


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "results/tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def everything(folder: Path) -> dict[str, list[dict[str, str]]]:
    return {name: table(folder, name) for name in TABLES}


def again(folder: Path) -> RunReport:
    return run_study(folder, hold=(), workers=1)


def test_every_file_is_done(finished: Finished) -> None:
    folder, report = finished
    assert report.exit_code == 0
    assert report.failed == ()
    files = [p for p in (folder / "raw").rglob("*") if p.is_file()]
    assert len(table(folder, "files")) == len(files) == report.n_files


def test_every_row_carries_the_hash_of_its_file(finished: Finished) -> None:
    folder, _ = finished
    sheets = [folder / "patients.csv", folder / "dosing.csv"]
    files = [*(folder / "raw").rglob("*.*"), *sheets]
    read = {hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    for name in TABLES:
        rows = table(folder, name)
        assert rows or name == "release", name  # this study has no release table
        for row in rows:
            assert row["sha256"], (name, row)
            assert set(row["sha256"].split()) <= read


def test_the_tables_in_the_database_are_those_in_the_files(finished: Finished) -> None:
    folder, _ = finished
    connection = sqlite3.connect(folder / "results/labproc.sqlite")
    for name in TABLES:
        (n,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()
        assert n == len(table(folder, name))
    connection.close()


def test_the_tables_have_the_columns_that_are_promised(finished: Finished) -> None:
    folder, _ = finished
    for name in TABLES:
        first = (folder / "results/tables" / f"{name}.csv").read_text("utf-8").splitlines()[0]
        assert first.split(",") == list(columns_of(name))


def test_a_second_run_does_nothing(finished: Finished) -> None:
    folder, _ = finished
    before = (folder / "results/tables/measurements.csv").stat().st_mtime_ns
    report = again(folder)
    assert (report.n_done, report.changed) == (0, False)
    assert (folder / "results/tables/measurements.csv").stat().st_mtime_ns == before


def test_raw_is_never_changed(finished: Finished) -> None:
    folder, _ = finished
    files = [p for p in (folder / "raw").rglob("*") if p.is_file()]
    assert all(p.stat().st_nlink == 1 for p in files)
    assert {p.suffix for p in files} == {".fcs", ".xlsx", ".txt"}


def test_two_runs_from_nothing_give_equal_tables(study: Path) -> None:
    before = everything(study)
    shutil.rmtree(study / "results")
    run_study(study, hold=(), workers=2)
    assert everything(study) == before


def test_one_new_file_is_one_job(study: Path) -> None:
    day = next((study / "raw").glob("2026*"))
    source = next(day.glob("D1_C_d*_subset.fcs"))
    new = source.with_name(source.name.replace("D1_", "D9_"))
    new.write_bytes(source.read_bytes() + b" ")  # other content: its own hash
    report = again(study)
    assert report.n_done == 1
    assert [r["state"] for r in table(study, "files") if "D9_" in r["file"]] == ["done"]


def test_the_same_content_under_two_names_is_one_result(study: Path) -> None:
    source = next((study / "raw").rglob("D1_C_d*_subset.fcs"))
    shutil.copy(source, source.with_name("copy.fcs"))
    report = again(study)
    assert report.n_done == 0
    rows = [r for r in table(study, "files") if r["file"].endswith("copy.fcs")]
    assert [r["state"] for r in rows] == ["duplicate"]


def test_two_files_that_claim_one_sample_are_both_named(study: Path) -> None:
    source = next((study / "raw").rglob("D1_C_d00_subset.fcs"))
    (study / "raw/2026-05-05").mkdir()
    (study / "raw/2026-05-05" / source.name).write_bytes(source.read_bytes() + b" ")
    report = again(study)
    assert [s.state for s in report.failed] == ["not_assigned", "not_assigned"]
    assert f"2026-05-05/{source.name} are both D1 C d0 subset" in report.failed[0].reason
    assert report.exit_code == 3


def test_damaged_and_strange_files_are_set_aside_and_the_rest_is_done(study: Path) -> None:
    raw = study / "raw"
    source = next(raw.rglob("D1_C_d00_count.fcs"))
    (raw / "2026-04-01").mkdir()
    (raw / "2026-04-01/D1_C_d30_count.fcs").write_bytes(source.read_bytes()[:9000])
    (raw / "2026-04-01/D1_C_d31_count.fcs").write_text("not a cytometer's file")
    (raw / "notes.docx").write_bytes(b"PK\x03\x04 not really")
    (raw / "G11.fcs").write_bytes(source.read_bytes() + b"  ")
    (raw / "empty.fcs").write_bytes(b"")
    os.mkfifo(raw / "pipe.fcs")
    report = again(study)
    reasons = {s.path: (s.state, s.reason) for s in report.failed}
    assert reasons["2026-04-01/D1_C_d30_count.fcs"][0] == "set_aside"
    torn = reasons["2026-04-01/D1_C_d30_count.fcs"][1]
    assert torn.startswith("2026-04-01/D1_C_d30_count.fcs: DATA ")
    assert "the copy is incomplete" in torn
    assert torn.count("D1_C_d30_count.fcs") == 1
    assert reasons["2026-04-01/D1_C_d31_count.fcs"][0] == "set_aside"
    assert reasons["notes.docx"][0] == "set_aside"
    assert reasons["G11.fcs"][0] == "not_assigned"
    assert "empty (0 bytes)" in reasons["empty.fcs"][1]
    assert "not a regular file" in reasons["pipe.fcs"][1]
    assert report.exit_code == 3
    assert "\n" not in "".join(reason for _, reason in reasons.values())


def test_a_panel_that_names_a_detector_that_is_not_there(study: Path) -> None:
    text = (study / "study.toml").read_text(encoding="utf-8")
    (study / "study.toml").write_text(text.replace('CD4 = "VL1-A"', 'CD4 = "VL9-A"'))
    report = again(study)
    assert report.failed
    assert all("VL9-A" in s.reason and s.key and s.key.panel == "subset" for s in report.failed)
    assert report.exit_code == 3


def test_new_content_under_an_old_name_is_a_new_version(study: Path) -> None:
    path = next((study / "raw").rglob("D1_C_d00_count.fcs"))
    other = next((study / "raw").rglob("D2_C_d00_count.fcs")).read_bytes()
    path.write_bytes(other + b" ")
    assert again(study).n_done == 1


def test_a_file_that_has_gone_keeps_its_results(study: Path) -> None:
    before = len(table(study, "measurements"))
    next((study / "raw").rglob("D1_C_d00_count.fcs")).unlink()
    report = again(study)
    assert report.n_done == 0
    assert len(table(study, "measurements")) == before
    assert [r["state"] for r in table(study, "files") if "D1_C_d00_count" in r["file"]] == ["gone"]


def test_a_folder_that_is_away_loses_nothing(study: Path) -> None:
    before = everything(study)
    (study / "raw").rename(study / "unplugged")
    assert again(study).changed is False
    assert everything(study) == before


def test_an_empty_study_says_so(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text('[study]\ntitle = "T"\n', encoding="utf-8")
    (tmp_path / "raw").mkdir()
    report = again(tmp_path)
    assert (report.n_files, report.exit_code) == (0, 4)


def test_a_missing_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no study\.toml"):
        again(tmp_path)


def test_a_moved_gate_changes_what_depends_on_it_and_leaves_a_trail(study: Path) -> None:
    results = load_results(study)
    tube = next(t for t in results.tubes if t.key.panel == "car" and t.key.role == "sample")
    sha256 = tube.source.sha256
    assert all(g.boundary.points.size for g in tube.gates if g.population == "CAR+")
    tried = preview_gate(study, sha256, "CAR+", [[50_000.0]])
    saved = save_gate(study, sha256, "CAR+", [[50_000.0]], who="ann", reason="tail of negatives")

    def fraction(results_or_view: object) -> float | None:
        gates = getattr(results_or_view, "gates")  # noqa: B009
        return next(g.fraction for g in gates if g.population == "CAR+")

    now = next(t for t in saved.tubes if t.source.sha256 == sha256)
    assert fraction(now) == fraction(tried)
    assert (fraction(now) or 0) < (fraction(tube) or 0)
    assert now.version.endswith("moved: CAR+ v1")
    rows = [r for r in table(study, "measurements") if r["sha256"] == sha256]
    moved = [r for r in rows if r["metric"] == "car_fraction"]
    assert "CAR+ v1" in moved[0]["version_of_gate_or_curve"]
    assert moved[0]["value"] != ""
    last = [r for r in audit_rows(study) if r["action"] == "gate moved"]
    assert [(r["who"], r["reason"]) for r in last] == [("ann", "tail of negatives")]
    assert again(study).n_done == 0


def test_an_approved_sample_is_locked(study: Path) -> None:
    from labproc.errors import StoreError

    tube = load_results(study).tubes[0]
    decide(study, tube.source.sha256, "approved", who="bob", reason="looked at")
    with pytest.raises(StoreError, match="approved by bob"):
        save_gate(study, tube.source.sha256, "Cells", None, who="ann", reason="x")


def test_results_of_an_earlier_version_are_no_tampering(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labproc.pipeline.verify.PIPELINE_VERSION", "1000")
    found = verify_study(study, recompute=True)
    (said,) = found.problems
    assert said.endswith(", this is 1000; run, then verify")
    assert found.n_results == 0


def test_verify_accepts_a_whole_study_and_finds_what_was_changed(study: Path) -> None:
    assert verify_study(study, recompute=True).problems == ()
    staged = next(p for p in (study / "results/staged").rglob("*") if p.is_file())
    whole = staged.read_bytes()
    staged.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert any("was changed" in p for p in verify_study(study).problems)
    staged.write_bytes(whole)
    connection = sqlite3.connect(study / "results/labproc.sqlite")
    connection.execute("UPDATE measurements SET value = value * 1.1 WHERE row = 5")
    connection.commit()
    connection.close()
    assert verify_study(study).problems == ("table measurements: row 5 differs from its result",)
