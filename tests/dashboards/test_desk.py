"""The desk reads a study again when its store has changed, and only then."""

from pathlib import Path

import pytest

from dashboards.desk import gate_of, group_of, tube_of
from dashboards.study_desk import StudyDesk
from labproc.errors import UnknownName
from labproc.pipeline.results import Results


@pytest.fixture
def desk(tmp_path: Path) -> StudyDesk:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "labproc.sqlite").write_bytes(b"rows")
    return StudyDesk(tmp_path)


def test_a_reader_of_the_store_changes_nothing(desk: StudyDesk) -> None:
    before = desk.version()
    log = desk.folder / "results" / "labproc.sqlite-wal"
    log.touch()  # what SQLite does for every reader
    assert desk.version() == before
    log.unlink()
    assert desk.version() == before


def test_a_writer_of_the_store_is_seen(desk: StudyDesk) -> None:
    before = desk.version()
    (desk.folder / "results" / "labproc.sqlite-wal").write_bytes(b"a change")
    assert desk.version() != before


def test_a_tube_is_found_by_16_digits_and_not_by_fewer(results: Results) -> None:
    sha256 = results.tubes[3].source.sha256
    assert tube_of(results, sha256[:16]) is results.tubes[3]
    for name in ("", sha256[:8], "../" * 8, "f" * 64):
        with pytest.raises(UnknownName):
            tube_of(results, name)


def test_the_gate_in_doubt_is_shown_first(results: Results) -> None:
    assert gate_of(results.tubes[0], "").population == "CAR+"
    assert gate_of(results.tubes[0], "Cells").population == "Cells"


def test_a_gate_of_a_day_serves_both_arms_of_its_donor(results: Results) -> None:
    tube = next(t for t in results.tubes if (t.key.donor, t.key.arm, t.key.day) == ("D2", "C", 4))
    day = group_of(results, tube, "CAR+", "day")
    assert {(t.key.donor, t.key.day) for t in day} == {("D2", 4)}
    assert {t.key.arm for t in day} == {"C", "C+Len"}
    assert group_of(results, tube, "CAR+", "tube") == [tube]
    assert len(group_of(results, tube, "CAR+", "panel")) == len(results.tubes)
