"""Watching: what is taken when, what is tried again, what ends a watcher."""

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from labproc.errors import DiskFailed, LabprocError, StoreError
from labproc.pipeline.results import FileStatus
from labproc.pipeline.runner import RunReport
from labproc.pipeline.watch import AGAIN_S, GIVE_UP_S, Looks, watch

LONG_AGO = 1_000_000_000


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text('[study]\ntitle = "T"\n', encoding="utf-8")
    (tmp_path / "raw").mkdir()
    return tmp_path / "raw"


def report(raw: Path, *failed: FileStatus) -> RunReport:
    return RunReport(folder=raw.parent, n_done=0, n_files=0, seconds=0.0, failed=failed)


def old(path: Path, data: bytes = b"data") -> Path:
    path.write_bytes(data)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_at_the_start_old_files_are_ready_and_young_ones_wait(raw: Path) -> None:
    old(raw / "old.bin")
    (raw / "young.bin").write_bytes(b"data")
    looks = Looks()
    assert looks.first(raw, 1000.0) == {"young.bin"}
    assert looks.look(raw, 1004.9) == ({"old.bin"}, {"young.bin"})
    assert looks.look(raw, 1005.1)[0] == {"old.bin", "young.bin"}


def test_a_clock_that_runs_ahead_is_not_believed(raw: Path) -> None:
    path = raw / "a.bin"
    path.write_bytes(b"data")
    os.utime(path, (4e9, 4e9))  # the year 2096
    looks = Looks()
    assert looks.first(raw, 1000.0) == {"a.bin"}
    assert looks.look(raw, 1006.0)[0] == {"a.bin"}


def test_our_own_clock_may_jump(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old(raw / "a.bin")
    looks = Looks()
    looks.first(raw, 1000.0)
    looks.processed(report(raw), set(), 1000.0)
    for wrong in (0, 1, 4_000_000_000 * 10**9):  # 1970, and the year 2096
        monkeypatch.setattr("time.time_ns", lambda wrong=wrong: wrong)
        assert looks.look(raw, 1001.0) == (set(), set())
        assert Looks().first(raw, 1000.0) in (set(), {"a.bin"})  # at worst it waits its 5 s


def test_an_incomplete_file_is_given_up_on_after_ten_minutes(raw: Path) -> None:
    old(raw / "a.xlsx", b"PK\x03\x04 and no end")
    looks = Looks()
    looks.first(raw, 0.0)
    looks.since["a.xlsx"] = 0.0
    assert looks.look(raw, GIVE_UP_S - 1)[1] == {"a.xlsx"}
    assert looks.look(raw, GIVE_UP_S + 1)[0] == {"a.xlsx"}


def test_a_file_that_has_gone_asks_for_one_run(raw: Path) -> None:
    path = old(raw / "a.bin")
    looks = Looks()
    looks.first(raw, 1000.0)
    looks.processed(report(raw), set(), 1000.0)
    path.unlink()
    assert looks.look(raw, 1001.0) == ({"a.bin"}, set())
    looks.processed(report(raw), set(), 1001.0)
    assert looks.look(raw, 1002.0) == (set(), set())


def test_a_file_that_could_not_be_read_is_tried_again(raw: Path) -> None:
    old(raw / "a.bin")
    looks = Looks()
    looks.first(raw, 1000.0)
    unread = FileStatus("a.bin", "", "set_aside", reason="a.bin: Permission denied")
    looks.processed(report(raw, unread), set(), 1000.0)
    assert looks.look(raw, 1000.0 + AGAIN_S - 1) == (set(), set())
    assert looks.look(raw, 1000.0 + AGAIN_S)[0] == {"a.bin"}


def test_a_file_that_came_after_the_look_is_not_taken(raw: Path) -> None:
    old(raw / "a.bin")
    taken: list[Mapping[str, object]] = []

    def run(folder: Path, *, take: Mapping[str, object], workers: int | None) -> RunReport:
        taken.append(take)
        return report(raw)

    outcomes = watch(raw.parent, run, every=0.05, workers=1, stop=threading.Event())
    next(outcomes)
    assert set(taken[0]) == {"a.bin"}
    from labproc.pipeline.gather import gather
    from labproc.store import Store, observation_history
    from labproc.study import load_study

    (raw / "b.bin").write_bytes(b"just now")
    study = load_study(raw.parent)
    with Store.open(study.store_url) as store:
        gathered = gather(study, store, take=taken[0])  # type: ignore[arg-type]
        assert [o.path for o in observation_history(store)] == ["a.bin"]
    assert [(s.path, s.state) for s in gathered.statuses] == [("b.bin", "waiting")]


def outcomes_of(
    raw: Path, answers: list[RunReport | LabprocError]
) -> Iterator[RunReport | LabprocError]:
    left = list(answers)

    def run(folder: Path, **_: object) -> RunReport:
        answer = left.pop(0) if left else report(raw)
        if isinstance(answer, LabprocError):
            raise answer
        return answer

    return watch(raw.parent, run, every=0.05, workers=1, stop=threading.Event())


def test_a_full_disk_is_tried_again_until_it_is_over(raw: Path) -> None:
    old(raw / "a.bin")
    full = StoreError("the disk is full")
    outcomes = outcomes_of(raw, [full, full, report(raw)])
    assert [next(outcomes) for _ in range(2)] == [full, full]
    assert isinstance(next(outcomes), RunReport)


def test_a_disk_that_did_not_keep_what_was_written_ends_the_watcher(raw: Path) -> None:
    with pytest.raises(DiskFailed):
        next(outcomes_of(raw, [DiskFailed("results/staged: the disk did not keep it")]))


def test_a_folder_that_answers_with_errors_is_said_and_looked_at_again(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = outcomes_of(raw, [])
    next(outcomes)
    real, broken = os.scandir, [True]

    def scandir(path: Path) -> object:
        if broken and Path(path) == raw:
            broken.clear()
            raise OSError(5, "Input/output error", str(path))
        return real(path)

    monkeypatch.setattr("os.scandir", scandir)
    old(raw / "a.bin")
    error = next(outcomes)
    assert "Input/output error" in str(error)
    assert isinstance(next(outcomes), RunReport)
