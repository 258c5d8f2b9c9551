"""Thousands of files dropped at once: all registered soon, none lost, none twice."""

import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labproc.formats.fcs.write import write_fcs
from labproc.model import Channel
from labproc.store import Store, observation_history

BAR_S = 60.0  # from the last file's arrival, its 5 s of quiet included


def drop(raw: Path, n: int) -> None:
    """Write n small FCS files, each of a content of its own."""
    sample = raw.parent / "sample.fcs"
    write_fcs(sample, np.ones((1, 1), np.float32), [Channel("FSC-A")], keywords={"$OP": "00000000"})
    data = sample.read_bytes()
    assert data.count(b"00000000") >= 1
    for i in range(n):
        path = raw / f"day {i % 7}" / f"{i:05d}.fcs"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data.replace(b"00000000", b"%08d" % i, 1))


def n_observed(folder: Path) -> int:
    path = folder / "results/labproc.sqlite"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM observations").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def registered(n: int, plates: Path, watchers: Any, until: Any, cpu_s: Any) -> tuple[float, float]:
    """Drop n files before a watcher; check all; return the seconds until it knew them all.

    They are seconds on the clock, and of the processor.
    """
    running = watchers.start("--workers", "1")
    until(lambda: "ready" in watchers.said(), 90)
    before = cpu_s(running)
    drop(plates / "raw", n)
    took: float = until(lambda: n_observed(plates) == n, 300)
    cpu = cpu_s(running) - before
    running.send_signal(signal.SIGTERM)
    assert running.wait(300) == 0
    with Store.open(plates / "results/labproc.sqlite") as store:
        seen = observation_history(store)
    assert len({o.path for o in seen}) == len({o.sha256 for o in seen}) == n
    assert {o.state for o in seen} == {"current"}
    staged = [p for p in (plates / "results/staged").rglob("*") if p.is_file()]
    assert {p.name for p in staged} == {o.sha256 for o in seen}
    return took, cpu


def test_five_hundred_files_at_once(plates: Path, watchers: Any, until: Any, cpu_s: Any) -> None:
    registered(500, plates, watchers, until, cpu_s)
    assert n_observed(plates) == 500


@pytest.mark.soak
def test_ten_thousand_files_at_once(
    plates: Path, watchers: Any, until: Any, cpu_s: Any, within: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    clock, cpu = registered(10_000, plates, watchers, until, cpu_s)
    with capsys.disabled():
        sys.stdout.write(f"\n10,000 files registered within {clock:.1f} s, {cpu:.1f} s CPU\n")
    assert within(BAR_S, clock, cpu)


def test_a_watcher_goes_on_after_a_kill(
    new_plates: Any, watchers: Any, until: Any, results_in: Callable[[Path], int], cpu_s: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    watchers.folder = new_plates(tmp_path / "killed", 60)
    assert len(times_to_work_again(1, watchers, until, results_in, cpu_s)) == 1


@pytest.mark.soak
def test_a_watcher_is_at_work_soon_after_a_kill(
    new_plates: Any, watchers: Any, until: Any, results_in: Callable[[Path], int], cpu_s: Any,
    within: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    watchers.folder = new_plates(tmp_path / "killed", 300)
    times = times_to_work_again(5, watchers, until, results_in, cpu_s)
    with capsys.disabled():
        said = ", ".join(f"{clock:.1f} ({cpu:.1f} CPU)" for clock, cpu in times)
        sys.stdout.write(f"\nseconds to the first new result after a kill: {said}\n")
    assert within(5.0, *sorted(times)[len(times) // 2])


def times_to_work_again(
    kills: int, watchers: Any, until: Any, results_in: Callable[[Path], int], cpu_s: Any
) -> list[tuple[float, float]]:
    """Kill a watcher so often; return how long each next one took to its first new result.

    They are seconds on the clock, and of the processor.
    """
    folder, times = watchers.folder, []
    for n in range(kills + 1):
        before = results_in(folder)
        running = watchers.start("--workers", "2")
        clock = until(lambda before=before: results_in(folder) > before, 120)
        times += [(clock, cpu_s(running))] if n else []  # the first was not killed before
        running.kill()
        running.wait()
    return times
