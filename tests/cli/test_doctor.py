"""``labproc doctor`` says what is missing and how to get it."""

import json

import pytest
from click.testing import CliRunner

from labproc.cli import doctor


def test_a_machine_that_runs_the_tests_has_no_problem() -> None:
    done = CliRunner().invoke(doctor.command, ["--json"])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    problems = [line for line in lines if line["state"] == "problem"]
    assert problems == [] or [p["name"] for p in problems] == ["disk"]
    assert {"Python", "numpy", "SQLite", "disk"} <= {line["name"] for line in lines}


def test_a_missing_library_is_a_problem_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "REQUIRED", ("no_such_library",))
    done = CliRunner().invoke(doctor.command, [])
    assert done.exit_code == 3
    assert "problem  no_such_library: not installed -> pip install labproc" in done.stdout


def test_a_missing_extra_is_only_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "EXTRAS", {"no_such_extra": ("drawing", "pip install it")})
    finding = doctor._extra("no_such_extra")
    assert (finding.state, finding.remedy) == ("missing", "pip install it")
