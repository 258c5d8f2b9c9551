"""labproc audit: who changed what and why, on one line each."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from labproc import store as stores
from labproc.cli.audit import command
from labproc.store import ResultKey, Store, save_result

FILE = "ab" * 32


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text("", encoding="utf-8")
    with Store.open(tmp_path / "results" / "labproc.sqlite") as store:
        save_result(store, ResultKey(FILE, "1", "p"), path="a.fcs", kind="fcs", payload=b"x")
        stores.save_gate(
            store, FILE, "CAR+", [[5.0]], who="ann", reason="tail\nof dim", subject="a.fcs"
        )
        stores.decide(store, FILE, "approved", who="bob", reason="fine", subject="b.fcs")
    return tmp_path


def lines(study: Path, *options: str) -> list[str]:
    done = CliRunner().invoke(command, [str(study), *options], standalone_mode=False)
    assert done.exception is None
    return done.output.splitlines()


def test_what_people_did_is_said_with_old_new_and_reason(study: Path) -> None:
    moved, decided = lines(study)
    assert f"ann gate moved a.fcs {FILE} gate CAR+: automatic -> [[5.0]] (tail of dim)" in moved
    assert "bob reviewed b.fcs" in decided


def test_what_labproc_did_is_said_when_asked(study: Path) -> None:
    assert len(lines(study, "--all")) == 3


def test_one_person_or_one_file_can_be_asked_for(study: Path) -> None:
    assert [" bob " in x for x in lines(study, "--who", "bob")] == [True]
    assert [" ann " in x for x in lines(study, "--about", "a.fcs")] == [True]


def test_json_has_one_object_a_change(study: Path) -> None:
    rows = [json.loads(x) for x in lines(study, "--json")]
    assert [(r["who"], r["reason"]) for r in rows] == [("ann", "tail\nof dim"), ("bob", "fine")]


def test_a_study_without_changes_says_so(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("", encoding="utf-8")
    assert lines(tmp_path) == ["no change by hand"]
