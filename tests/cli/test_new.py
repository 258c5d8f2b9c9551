"""labproc new: an empty study that loads, with every setting in it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from labproc.cli.new import command
from labproc.errors import StudyError
from labproc.study import load_study
from labproc.study.settings import Settings
from labproc.study.template import STUDY_TOML


def run(*words: str) -> None:
    CliRunner().invoke(command, words, standalone_mode=False, catch_exceptions=False)


def test_a_new_study_loads_cleanly_and_is_empty(tmp_path: Path) -> None:
    run(str(tmp_path / "new"))
    study = load_study(tmp_path / "new")
    assert list(study.settings.arms) == ["C", "C+Len"]
    assert study.culture_log == ()
    assert study.raw.is_dir()


def test_a_new_workbook_loads_cleanly(tmp_path: Path) -> None:
    run(str(tmp_path / "new"), "--workbook")
    assert not (tmp_path / "new" / "samples.csv").exists()
    assert load_study(tmp_path / "new").culture_log == ()


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(StudyError, match=r"samples\.csv already there"):
        run(str(tmp_path))
    assert (tmp_path / "samples.csv").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "study.toml").exists()


def settings_of(model: type[BaseModel]) -> set[str]:
    """Every key of the settings, wherever it stands."""
    names = set(model.model_fields)
    for field in model.model_fields.values():
        kinds: tuple[Any, ...] = (field.annotation, *getattr(field.annotation, "__args__", ()))
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                names |= settings_of(kind)
    return names


def test_every_setting_is_explained() -> None:
    missing = {name for name in settings_of(Settings) if name not in STUDY_TOML}
    assert missing == set()


def test_what_is_switched_on_by_taking_the_mark_away_is_right() -> None:
    lines = [line.removeprefix("# ") for line in STUDY_TOML.splitlines()]
    kept = [x for x in lines if not x or x[0] in '["' or " = " in x.split("#")[0]]
    kept = [x for x in kept if not x.startswith("day_zero = {")]
    assert Settings.model_validate(tomllib.loads("\n".join(kept))).notify.smtp == "localhost"
