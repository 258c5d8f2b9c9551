"""backup, restore, user: a study survives its computer, and people have their roles."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labproc.pipeline.runner import run_study
from labproc.simulate import Design, write_study

Run = Callable[..., Any]  # gives code, out and err
TINY = Design(donors=1, days=(0, 2), panels=("count",), n_events=500, with_patient=False)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    write_study(folder, TINY)
    run_study(folder, hold=(), workers=1)
    return folder


def test_a_backup_comes_back_as_a_study_that_verify_accepts(study: Path, labproc: Run) -> None:
    target, back = study.parent / "backup", study.parent / "back"
    assert labproc("backup", study, target).code == 0
    shutil.rmtree(study)
    restored = labproc("restore", target, back)
    assert restored.code == 0, restored.err
    assert labproc("verify", back).out.endswith("all whole\n")
    assert run_study(back, hold=(), workers=1).n_done == 0


def test_a_damaged_backup_is_not_restored(study: Path, labproc: Run) -> None:
    target, back = study.parent / "backup", study.parent / "back"
    labproc("backup", study, target)
    largest = max((p for p in target.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.chmod(0o644)
    largest.write_bytes(content)
    ran = labproc("restore", target, back)
    assert ran.code == 3
    assert not back.exists()


def test_users_are_added_listed_and_locked(study: Path, labproc: Run) -> None:
    secret = "correct horse battery"
    added = labproc("user", "add", "ann", study, "--role", "reviewer", "--password", secret)
    assert added.code == 0, added.err
    assert labproc("user", "lock", "ann", study, "--reason", "left the lab").code == 0
    (row,) = map(json.loads, labproc("user", "list", study, "--json").out.splitlines())
    assert row == {"name": "ann", "role": "reviewer", "active": False}
    assert secret not in (study / "results/labproc.sqlite").read_bytes().decode("latin-1")


def test_a_role_that_does_not_exist_is_refused(study: Path, labproc: Run) -> None:
    ran = labproc("user", "add", "bob", study, "--role", "boss", "--password", "long enough word")
    assert ran.code == 3
    assert "role is 'boss'" in ran.err
