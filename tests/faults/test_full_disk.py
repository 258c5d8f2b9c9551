"""A disk that is too small: one clear line, no partial row, and it goes on when there is room."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from labproc.cli._study import run_and_report
from labproc.errors import StoreError
from labproc.pipeline.runner import run_study

N_PLATES = 6


def mount(point: Path, size: str) -> bool:
    if os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "labproc-test", str(point)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def give_room(point: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", point], check=True)


@pytest.fixture
def small(plates: Path, plate_of: Callable[[int], bytes]) -> Iterator[Callable[[str], Path]]:
    """Return a function that puts results/ of a study of six plates on a disk of a size."""
    for i in range(N_PLATES):
        path = plates / "raw" / f"plate{i:04d}.csv"
        path.write_bytes(plate_of(i))
        os.utime(path, (1e9, 1e9))
    point = plates / "results"
    point.mkdir()

    def made(size: str) -> Path:
        if not mount(point, size):
            pytest.skip("left out: a disk that is too small needs root, and the right to mount")
        return plates

    yield made
    subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)


def rows(folder: Path, table: str) -> int:
    """Count rows of the store as another program would, 0 where there is none yet."""
    with closing(sqlite3.connect(folder / "results/labproc.sqlite")) as connection:
        try:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


@pytest.fixture(scope="module")
def unbroken(
    tmp_path_factory: pytest.TempPathFactory, new_plates: Callable[..., Path], tables: Any
) -> dict[str, bytes]:
    folder = new_plates(tmp_path_factory.mktemp("room") / "study", N_PLATES)
    run_study(folder, workers=1)
    found: dict[str, bytes] = tables(folder)
    return found


def fill_up(folder: Path, tables: Any, whole: Any, unbroken: dict[str, bytes]) -> str:
    """Run on the small disk, then with room; return what the first run said."""
    said = ""
    try:
        run_and_report(folder, workers=1)
    except StoreError as error:
        said = str(error)
    give_room(folder / "results")
    # whatever is there is whole: a result has its row of the trail, in one transaction
    assert rows(folder, "results") == rows(folder, "audit")
    left = list((folder / "results").rglob(".*part"))
    assert left == []
    report = run_and_report(folder, workers=1)
    assert report.exit_code == 0
    assert tables(folder) == unbroken
    assert (folder / "results/report.html").stat().st_size > 100_000
    whole(folder, N_PLATES)
    return said


@pytest.mark.parametrize("size", ["16k", "260k", "560k", "1200k"])
def test_a_disk_too_small(
    small: Callable[[str], Path], size: str, tables: Any, whole: Any, unbroken: dict[str, bytes]
) -> None:
    said = fill_up(small(size), tables, whole, unbroken)
    assert "is full" in said, said
    assert "nothing is lost" in said
    assert "\n" not in said


@pytest.mark.soak
def test_a_disk_of_every_size(
    small: Callable[[str], Path], tables: Any, whole: Any, unbroken: dict[str, bytes]
) -> None:
    full = 0
    for size in range(8, 2400, 48):
        folder = small(f"{size}k")
        full += "is full" in fill_up(folder, tables, whole, unbroken)
        subprocess.run(["umount", folder / "results"], check=True)
    assert full >= 20


def test_a_watcher_says_it_once_and_goes_on_by_itself(
    small: Callable[[str], Path], watchers: Any, until: Any, tables: Any, unbroken: Any, whole: Any
) -> None:
    folder = small("400k")
    running = watchers.start("--workers", "1", "--every", "0.5", "--log")
    until(lambda: "is full" in watchers.said(), 90)
    time.sleep(4)  # it goes on trying, and says nothing more
    assert running.poll() is None
    give_room(folder / "results")
    until(lambda: "working again" in watchers.said(), 90)
    until(lambda: (folder / "results/report.html").exists(), 90)
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0
    said = watchers.said()
    assert len([x for x in said.splitlines() if "is full" in x]) == 1, said
    assert tables(folder) == unbroken
    whole(folder, N_PLATES)
