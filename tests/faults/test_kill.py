"""kill -9 at any moment: what was done stays done, the next run finishes, nothing is left over."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from labproc.pipeline.runner import run_study
from labproc.simulate import Design, write_study
from labproc.store import TABLES, Store, known_results

TINY = Design(donors=1, days=(0, 2), n_events=1500, with_patient=False)
KILLS = 20 if os.environ.get("CI") == "true" else 5
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study that ran without interruption."""
    folder = tmp_path_factory.mktemp("whole")
    write_study(folder, TINY)
    for path in (folder / "raw").rglob("*"):
        os.utime(path, (1e9, 1e9))  # long finished: no run has to wait for it
    run_study(folder, workers=1)
    return folder


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "results/tables" / f"{name}.csv").read_bytes() for name in TABLES}


def n_done(folder: Path) -> int:
    """Return how many results the store holds now, without disturbing it."""
    path = folder / "results/labproc.sqlite"
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM results").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def start(folder: Path, workers: int) -> "subprocess.Popen[bytes]":
    program = [sys.executable, "-m", "labproc", "run", str(folder), "--workers", str(workers)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(program, stdout=quiet, stderr=quiet, start_new_session=True)


def kill_after(running: "subprocess.Popen[bytes]", folder: Path, n: int, more_s: float) -> bool:
    """Kill a run once it has n results, a moment later; say whether it was still running."""
    end = time.monotonic() + PATIENCE_S
    while n_done(folder) < n and running.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(more_s)
    hit = running.poll() is None
    running.kill()
    running.wait()
    return hit


def nobody_left(session: int) -> bool:
    """Whether every process of a killed run's session has ended."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def killed_runs(whole: Path, tmp_path: Path, n: int, workers: int, seed: int) -> int:
    """Kill n runs, finish each, check everything; return how many were really hit."""
    rng = random.Random(seed)
    expected, n_files, hits = tables(whole), n_done(whole), 0
    for i in range(n):
        folder = tmp_path / str(i)
        shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("results"))
        running = start(folder, workers)
        hits += kill_after(running, folder, rng.randrange(n_files), rng.random() * 0.3)
        assert nobody_left(running.pid), "worker processes outlived the run"
        run_study(folder, workers=1)
        assert tables(folder) == expected
        left = [p.name for p in (folder / "results").rglob("*") if p.name.startswith(".")]
        assert left == []
        with Store.open(folder / "results/labproc.sqlite") as store:
            assert store.verify_audit() == []
            assert len(known_results(store)) == n_files
        shutil.rmtree(folder)
    return hits


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_is_finished_by_the_next(whole: Path, tmp_path: Path, workers: int) -> None:
    n = (KILLS + 1) // 2
    assert killed_runs(whole, tmp_path, n, workers, seed=workers) >= n // 2


@pytest.mark.soak
@pytest.mark.parametrize("workers", [1, 3])
def test_two_hundred_kills(whole: Path, tmp_path: Path, workers: int) -> None:
    assert killed_runs(whole, tmp_path, 100, workers, seed=10 + workers) >= 50


def test_two_runs_at_once_do_everything_once(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("results"))
    both = [start(folder, 1), start(folder, 1)]
    assert [run.wait(PATIENCE_S) for run in both] == [0, 0]
    assert tables(folder) == tables(whole)
    with Store.open(folder / "results/labproc.sqlite") as store:
        assert store.verify_audit() == []
        assert len(known_results(store)) == n_done(whole)


def test_a_read_only_raw_folder_is_enough(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "readonly"
    shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("results"))
    for path in [folder / "raw", *(folder / "raw").rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in (folder / "raw").rglob("*.*")}
    assert run_study(folder, workers=1).exit_code == 0
    after = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in (folder / "raw").rglob("*.*")}
    assert after == before
    for path in [folder / "raw", *(folder / "raw").rglob("*")]:
        path.chmod(0o755)
