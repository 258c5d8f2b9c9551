"""run, status, report, verify: what a person sees, with what goes wrong."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labproc.cli._study import run_and_report
from labproc.pipeline.runner import run_study
from labproc.simulate import Design, write_study

Run = Callable[..., Any]  # gives code, out and err
TINY = Design(donors=1, days=(0, 2), panels=("count",), n_events=800, with_patient=False)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    write_study(folder, TINY)
    return folder


def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take young files at once: the study was written a moment ago, and by us."""
    monkeypatch.setattr("labproc.pipeline.gather.is_quiet", lambda seen, now_ns: True)


def test_run_does_everything_then_nothing(
    study: Path, labproc: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_wait(monkeypatch)
    first = labproc("run", study, "--workers", 1)
    assert first.code == 0, first.err
    assert "processed in" in first.out
    assert (study / "results/report.html").stat().st_size > 10_000
    second = labproc("run", study)
    assert second.code == 0
    assert second.out.startswith("nothing to do: ")
    assert labproc("verify", study).out.endswith("all whole\n")
    status = labproc("status", study, "--json").out.splitlines()
    assert {json.loads(line)["state"] for line in status} == {"done"}


def test_run_names_what_it_could_not_do_and_does_the_rest(
    study: Path, labproc: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_wait(monkeypatch)
    (study / "raw/torn.fcs").write_bytes(next((study / "raw").rglob("*.fcs")).read_bytes()[:5000])
    ran = labproc("run", study, "--workers", 1, "--json")
    assert ran.code == 3
    (line,) = [row for row in ran.err.splitlines() if "torn.fcs" in row]
    assert line.startswith("torn.fcs: ")
    said = json.loads(ran.out)
    assert said["n_failed"] == 1
    assert said["n_processed"] > 1


@pytest.mark.parametrize("command", ["run", "status", "report", "verify", "audit"])
def test_a_folder_without_a_study_is_one_clear_line(
    tmp_path: Path, labproc: Run, command: str
) -> None:
    ran = labproc(command, tmp_path)
    assert ran.code == 2
    assert ran.out == ""
    assert "no study.toml" in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_an_empty_raw_folder_says_what_to_do(tmp_path: Path, labproc: Run) -> None:
    (tmp_path / "study.toml").write_text('[study]\ntitle = "T"\n', encoding="utf-8")
    ran = labproc("run", tmp_path)
    assert ran.code == 4
    assert "no files yet; drop instrument files there and run again" in ran.out


def test_a_wrong_setting_is_exit_code_2(study: Path, labproc: Run) -> None:
    text = (study / "study.toml").read_text(encoding="utf-8")
    (study / "study.toml").write_text(text.replace("[counts]", "[count]"), encoding="utf-8")
    ran = labproc("run", study)
    assert ran.code == 2
    assert "no setting is called 'count'; did you mean 'counts'?" in ran.err


def test_demo_keeps_out_of_a_folder_that_is_not_its_own(tmp_path: Path, labproc: Run) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    ran = labproc("demo", tmp_path)
    assert ran.code == 2
    assert "is not empty and holds no demo" in ran.err


def test_an_unknown_command_is_exit_code_2(labproc: Run) -> None:
    assert labproc("rnu").code == 2


def test_a_bug_is_one_line_with_a_report_id(
    tmp_path: Path, labproc: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("LOCALAPPDATA", raising=False)

    def broken(folder: Path) -> None:
        raise KeyError("seven")

    monkeypatch.setattr("labproc.pipeline.status.load_study", broken)
    ran = labproc("status", tmp_path)
    assert ran.code == 1
    assert ran.err.startswith("a bug in labproc (KeyError), report ")
    assert "Traceback" not in ran.err
    assert "KeyError: 'seven'" in (tmp_path / "labproc/bugs.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("within_s", [60, pytest.param(15, marks=pytest.mark.soak)])
def test_a_file_copied_in_while_watching_appears_soon(study: Path, within_s: float) -> None:
    waiting = study.parent / "D9.fcs"
    source = next((study / "raw").rglob("D1_C_d00_count.fcs"))
    waiting.write_bytes(source.read_bytes() + b" ")
    program = [sys.executable, "-m", "labproc", "watch", str(study), "--workers", "1"]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as watcher:
        lines: list[str] = []
        assert watcher.stderr is not None
        reader = threading.Thread(target=lambda: lines.extend(watcher.stderr or ()))
        reader.start()
        try:
            _until(lambda: any("processed" in line for line in lines), 60)
            target = source.with_name("D9_C_d00_count.fcs")
            target.write_bytes(waiting.read_bytes())
            tables = study / "results/tables/counts.csv"
            _until(lambda: "D9_C_d00_count" in tables.read_text(encoding="utf-8"), within_s)
        finally:
            watcher.terminate()
            watcher.wait()
            reader.join()


def _until(is_so: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"not so after {seconds} s"
        time.sleep(0.1)


def test_a_run_with_nothing_to_do_loads_no_science(study: Path) -> None:
    script = (
        "import sys; sys.argv = ['labproc', 'run', sys.argv[1]]\n"
        "from labproc.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'scipy', 'pandas', 'sklearn', 'statsmodels', 'plotly'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    run_and_report(study, hold=(), workers=1)
    ran = subprocess.run([sys.executable, "-c", script, study], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("nothing to do: ")


def test_a_report_that_a_killed_run_did_not_write_is_written_by_the_next(
    study: Path, labproc: Run
) -> None:
    run_study(study, hold=(), workers=1)  # up to the tables; no report yet
    draft = study / "results/.999999999-report.html.part"
    draft.write_text("half a report", encoding="utf-8")
    assert labproc("run", study).out.startswith("nothing to do: ")
    assert (study / "results/report.html").stat().st_size > 10_000
    assert not draft.exists()
