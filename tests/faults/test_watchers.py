"""Several watchers on one folder: every file once, none lost, the work shared."""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labproc.pipeline.runner import run_study
from labproc.pipeline.verify import BUSY, verify_study

N_WATCHERS = 4
TOOK_A_SHARE = re.compile(r"(\d[\d,]*) files? processed")


def all_share(
    n: int, plates: Path, watchers: Any, plate_of: Any, tables: Any, whole: Any, until: Any,
    results_in: Any, patience_s: float,
) -> list[int]:  # fmt: skip
    """Drop n files before four watchers; check everything; return how many each one did."""
    for _ in range(N_WATCHERS):
        watchers.start("--workers", "1", "--every", "0.5")
    for i in range(n):
        (plates / "raw" / f"plate{i:04d}.csv").write_bytes(plate_of(i))
    until(lambda: results_in(plates) == n, patience_s)
    until(lambda: sum(shares_of(watchers)) >= n, patience_s)
    assert watchers.stop() == [0] * N_WATCHERS
    said = watchers.said()
    assert "Error" not in said
    assert "bug" not in said
    whole(plates, n)
    alone = plates.parent / "alone"
    shutil.copytree(plates, alone, ignore=shutil.ignore_patterns("results"))
    run_study(alone, workers=1, hold=())
    assert tables(plates) == tables(alone)
    return shares_of(watchers)


def shares_of(watchers: Any) -> list[int]:
    return [int(found.replace(",", "")) for found in TOOK_A_SHARE.findall(watchers.said())]


def test_four_watchers_do_every_file_once(
    plates: Path, watchers: Any, plate_of: Any, tables: Any, whole: Any, until: Any, results_in: Any
) -> None:
    shares = all_share(60, plates, watchers, plate_of, tables, whole, until, results_in, 120)
    assert sum(shares) == 60


def test_a_study_that_is_being_written_verifies(
    plates: Path, watchers: Any, plate_of: Any, until: Any, results_in: Callable[[Path], int]
) -> None:
    watchers.start("--workers", "1", "--every", "0.5")
    until(lambda: "ready" in watchers.said(), 90)
    problems: set[str] = set()
    for wave in range(2):
        for i in range(20 * wave, 20 * wave + 20):
            (plates / "raw" / f"plate{i:04d}.csv").write_bytes(plate_of(i))
        until(lambda at=20 * wave: results_in(plates) > at, 120)
        problems.update(verify_study(plates).problems)  # results are there, tables not yet
    assert watchers.stop() == [0]
    assert problems - {BUSY} == set()


@pytest.mark.soak
@pytest.mark.parametrize("time", range(5))
def test_four_watchers_a_thousand_files(
    time: int, plates: Path, watchers: Any, plate_of: Any, tables: Any, whole: Any, until: Any,
    results_in: Any, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    shares = all_share(1000, plates, watchers, plate_of, tables, whole, until, results_in, 900)
    with capsys.disabled():
        sys.stdout.write(f"\nround {time}: shares of four watchers {shares}\n")
    assert sum(shares) == 1000
    assert len(shares) > 1


def kill(process: Any) -> None:
    process.kill()
    process.wait()


def test_a_killed_watchers_files_are_taken_over_at_once(
    plates: Path, watchers: Any, plate_of: Any, until: Any, results_in: Callable[[Path], int]
) -> None:
    first, second = (watchers.start("--workers", "1", "--every", "0.5") for _ in range(2))
    for i in range(40):
        (plates / "raw" / f"plate{i:04d}.csv").write_bytes(plate_of(i))
    until(lambda: results_in(plates) > 3, 120)
    kill(first)
    # a lease that had to run out would take 300 s
    until(lambda: results_in(plates) == 40, 60)
    second.terminate()
    assert second.wait(60) == 0
