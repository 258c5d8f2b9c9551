"""The plan is recorded before looking; what is changed later does not become planned by it."""

import json
import shutil
from pathlib import Path

import pytest

from labproc.model import Comparison
from labproc.pipeline.review import audit_rows
from labproc.pipeline.runner import load_results, run_study
from labproc.simulate import Design, write_study

DESIGN = Design(
    donors=3, days=(0, 2, 10), panels=("car", "count"), n_events=800, with_qpcr=False,
    with_patient=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, DESIGN)
    run_study(folder, hold=(), workers=1)
    return folder


@pytest.fixture
def study(ran: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ran, tmp_path / "study"))


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    run_study(folder, hold=(), workers=1)


def recorded(folder: Path) -> list[dict[str, str]]:
    return [row for row in audit_rows(folder) if row["action"] == "plan recorded"]


def planned(folder: Path) -> dict[str, bool]:
    found: list[Comparison] = list(load_results(folder).comparisons)
    return {c.outcome: c.planned for c in found[:1]} | {
        c.outcome: c.planned for c in found if c.planned
    }


def test_the_first_run_records_the_plan_before_anything_is_known(ran: Path) -> None:
    (row,) = recorded(ran)
    assert row["reason"] == "before any comparison"
    assert json.loads(row["new"])["primary"] == "cart_growth_rate"
    assert planned(ran) == {"cart_growth_rate": True}
    run_study(ran, hold=(), workers=1)
    assert len(recorded(ran)) == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("window_days = [2, 10]", "window_days = [0, 10]", "window_days 2, 10 -> 0, 10"),
        ('"two_stage_paired"', '"sign_flip"', "test two_stage_paired -> sign_flip"),
        (
            '"cart_growth_rate"',
            '"cells_growth_rate"',
            "primary cart_growth_rate -> cells_growth_rate",
        ),
    ],
)
def test_what_is_changed_once_results_are_known_is_exploratory(
    study: Path, old: str, new: str, says: str
) -> None:
    change(study, old, new)
    results = load_results(study)
    assert not any(c.planned for c in results.comparisons)
    assert "departs from the plan that was recorded" in results.comparisons[0].sentence
    (flag,) = [f for f in results.flags if f.code == "plan_changed_after_results"]
    assert says in flag.message
    last = recorded(study)[-1]
    assert last["reason"] == "after comparisons were known"
    assert last["who"] != "labproc"  # so that `labproc audit` shows it among changes by hand


def test_changing_it_back_makes_it_planned_again(study: Path) -> None:
    change(study, "window_days = [2, 10]", "window_days = [0, 10]")
    change(study, "window_days = [0, 10]", "window_days = [2, 10]")
    assert planned(study) == {"cart_growth_rate": True}
    assert len(recorded(study)) == 3


def test_a_secondary_outcome_added_later_leaves_the_primary_planned(study: Path) -> None:
    change(study, 'secondary = ["ln_cd4_cd8_slope"', 'secondary = ["cells_growth_rate"')
    results = load_results(study)
    assert {c.outcome for c in results.comparisons if c.planned} == {"cart_growth_rate"}
    added = next(c for c in results.comparisons if c.outcome == "cells_growth_rate")
    assert any(f.code == "exploratory" for f in added.flags)
    (flag,) = [f for f in results.flags if f.code == "plan_changed_after_results"]
    assert "added cells_growth_rate" in flag.message


def test_a_plan_written_before_there_is_data_may_be_changed(tmp_path: Path) -> None:
    write_study(tmp_path, DESIGN)
    raw = tmp_path / "raw"
    raw.rename(tmp_path / "away")
    raw.mkdir()
    run_study(tmp_path, hold=(), workers=1)
    raw.rmdir()
    (tmp_path / "away").rename(raw)
    change(tmp_path, "window_days = [2, 10]", "window_days = [0, 10]")
    assert [row["reason"] for row in recorded(tmp_path)] == ["before any comparison"] * 2
    assert planned(tmp_path) == {"cart_growth_rate": True}
