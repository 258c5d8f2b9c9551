"""The Inbox tells apart what lies in raw/ now, and what the store knows where it cannot look."""

import os
from pathlib import Path

import pytest

from dashboards.pages import inbox
from dashboards.study_desk import StudyDesk
from labproc.pipeline.runner import run_study

PLATE = "Well;Sample;Gene;Type;Cq;Copies\nA1;STD;CAR;Standard;20,5;1000\nA2;{};CAR;Unknown;27,2;\n"


def put(path: Path, sample: str, *, age: bool = True) -> None:
    path.write_text(PLATE.format(sample), encoding="utf-8")
    if age:
        os.utime(path, (1e9, 1e9))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    text = '[study]\ntitle = "T"\n[qpcr]\nstandard_unit = "copies_per_well"\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    (tmp_path / "raw").mkdir()
    for name in ("kept", "changed", "gone"):
        put(tmp_path / "raw" / f"{name}.csv", name)
    run_study(tmp_path, workers=1)
    return tmp_path


def listed(study: Path) -> dict[str, str]:
    return {r["path"]: r["state"] for r in inbox.rows(inbox.files_now(StudyDesk(study)))}


def test_what_happened_since_the_last_run_is_shown(study: Path) -> None:
    raw = study / "raw"
    put(raw / "changed.csv", "other")
    os.utime(raw / "changed.csv", (1e9 + 60, 1e9 + 60))
    (raw / "gone.csv").unlink()
    put(raw / "new.csv", "new")
    put(raw / "young.csv", "young", age=False)
    assert listed(study) == {
        "kept.csv": "✓ read",
        "changed.csv": "▲ changed since it was read",
        "gone.csv": "no longer in raw/",
        "new.csv": "… not looked at yet",
        "young.csv": "… waiting",
    }


def test_a_share_that_is_away_is_shown(study: Path) -> None:
    (study / "raw").rename(study / "unplugged")
    assert set(listed(study).values()) == {"▲ on a share that is away"}


def test_the_page_is_sent_again_only_when_it_differs(study: Path) -> None:
    rows = inbox.rows(inbox.files_now(StudyDesk(study)))
    assert inbox.shown(rows) == inbox.shown([dict(r) for r in rows])
    put(study / "raw" / "new.csv", "new")
    inbox._look.cache_clear()
    assert inbox.shown(rows) != inbox.shown(inbox.rows(inbox.files_now(StudyDesk(study))))
