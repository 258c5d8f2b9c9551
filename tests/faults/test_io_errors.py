"""Calls of the system that fail: loud, nothing half-done, and the next run gives the same tables.

strace makes the n-th call of a kind fail that touches the study; it writes INJECTED for each, so
that a fault that never fired is not taken for one that was survived.
"""

import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from labproc.pipeline.runner import run_study

FAULTS = {
    "EIO": ("write", "pwrite64", "fsync", "fdatasync", "rename", "openat", "read", "pread64"),
    "ENOSPC": ("write", "pwrite64", "fsync", "ftruncate", "mkdir", "openat"),
    "EMFILE": ("openat",),
}
ALL = sorted({call for calls in FAULTS.values() for call in calls})
PATIENCE_S = 300
A_CALL = re.compile(r"^(\d+) +(\w+)\(")  # where it begins; "resumed" lines are its end
N_PLATES = 3


@dataclass
class Bench:
    """A study to break, how it looks unbroken, and where each call on it stands in a run."""

    study: Path
    tables: dict[str, bytes]
    places: dict[str, list[int]]
    counts: Counter[str] = field(default_factory=Counter)


def program(folder: Path) -> list[str]:
    return [sys.executable, "-m", "labproc", "run", str(folder), "--workers", "1"]


def environment() -> dict[str, str]:
    # no byte code is written: that would move every later call by some
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}


def strace(folder: Path, log: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = ["strace", "-f", "-y", "--seccomp-bpf", "-qq", "-o", str(log), *options]
    return subprocess.run(
        [*command, *program(folder)], capture_output=True, text=True, timeout=PATIENCE_S,
        env=environment(), check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, new_plates: Any, tables: Any) -> Bench:
    if shutil.which("strace") is None:
        pytest.skip("left out: injected I/O errors need strace (Debian: apt-get install strace)")
    folder: Path = new_plates(tmp_path_factory.mktemp("io") / "study", N_PLATES)
    run_study(folder, workers=1)
    expected = tables(folder)
    shutil.rmtree(folder / "results")
    traced = strace(folder, folder.parent / "calls.txt", "-e", f"trace={','.join(ALL)}")
    if traced.returncode != 0:
        pytest.skip(f"left out: strace may not trace here ({traced.stderr.strip()[-80:]})")
    shutil.rmtree(folder / "results")
    return Bench(folder, expected, places_of(folder, folder.parent / "calls.txt"))


def places_of(folder: Path, log: Path) -> dict[str, list[int]]:
    """Return call -> its numbers within a thread at which it is about the study."""
    n: Counter[tuple[str, str]] = Counter()
    places: dict[str, set[int]] = defaultdict(set)
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if found := A_CALL.match(line):
            n[found.groups()] += 1  # type: ignore[index]
            if str(folder) in line:
                places[found[2]].add(n[found.groups()])  # type: ignore[index]
    return {call: sorted(numbers) for call, numbers in places.items()}


def broken_run(bench: Bench, folder: Path, call: str, error: str, n: int) -> str:
    """Run with one call failing; check that it was loud or harmless; say which, or "missed"."""
    log = folder.parent / "injected.txt"
    inject = f"inject={call}:error={error}:when={n}"
    ran = strace(folder, log, "-e", f"trace={call}", "-e", inject)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    injected = [line for line in lines if "(INJECTED)" in line]
    if not any(str(folder) in line for line in injected):
        return "missed"
    where = f"{inject}: {injected[0]}\n{ran.stderr}"
    assert "Traceback" not in ran.stderr, where
    if ran.returncode == 0:
        return "absorbed"
    assert ran.returncode in (2, 3), where
    # strace counts in each thread: the n-th write may be the message too, which then is not there
    assert ran.stderr.strip() or any(" write(2<" in line for line in injected), where
    assert "bug in labproc" not in ran.stderr, where
    return "loud"


def check_fault(
    bench: Bench, tmp: Path, call: str, error: str, n: int, tables: Any, whole: Any
) -> str:
    """Break one call of a run; the next run must give what an unbroken one gives."""
    folder = Path(shutil.copytree(bench.study, tmp / "study"))
    # the numbers of calls hold for this path: the study stands where it stood when it was traced
    what = broken_run(bench, folder, call, error, n)
    if what == "absorbed":
        assert tables(folder) == bench.tables, (call, error, n)
    report = run_study(folder, workers=1)
    assert report.exit_code == 0, (call, error, n, report)
    assert tables(folder) == bench.tables, (call, error, n)
    whole(folder, N_PLATES)
    shutil.rmtree(folder)
    bench.counts[f"{error} {what}"] += 1
    return what


def faults(bench: Bench, rng: random.Random) -> Iterator[tuple[str, str, int]]:
    """Yield faults for ever: kinds in turn, the place at random."""
    kinds = [(c, e) for e, calls in FAULTS.items() for c in calls if bench.places.get(c)]
    rng.shuffle(kinds)
    while True:
        for call, error in kinds:
            yield call, error, rng.choice(bench.places[call])


def fire(bench: Bench, tmp: Path, wanted: int, seed: int, tables: Any, whole: Any) -> int:
    """Make so many faults fire, each checked; return how many were tried and missed."""
    fired = missed = 0
    for call, error, n in faults(bench, random.Random(seed)):
        if check_fault(bench, tmp, call, error, n, tables, whole) == "missed":
            missed += 1
            assert missed <= wanted, "the calls of a run are not where they were"
        else:
            fired += 1
        if fired == wanted:
            return missed
    raise AssertionError("there is always another fault")


def test_a_few_calls_that_fail(bench: Bench, tmp_path: Path, tables: Any, whole: Any) -> None:
    fire(bench, tmp_path, 6, 1, tables, whole)
    assert any(what.endswith("loud") for what in bench.counts)


@pytest.mark.soak
@pytest.mark.parametrize("tenth", range(20))
def test_two_hundred_calls_that_fail(
    tenth: int, bench: Bench, tmp_path: Path, tables: Any, whole: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    bench.counts.clear()
    missed = fire(bench, tmp_path, 10, 100 + tenth, tables, whole)
    with capsys.disabled():
        sys.stdout.write(f"\n10 faults fired, {missed} missed: {dict(bench.counts)}\n")
    assert sum(n for what, n in bench.counts.items() if "missed" not in what) == 10


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile what cuts a write short: strace can only pretend to, and then the data are lost."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("left out: short writes need a C compiler (Debian: apt-get install gcc)")
    made = tmp_path_factory.mktemp("shim") / "short_write.so"
    source = Path(__file__).with_name("short_write.c")
    built = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return made


def short_write(folder: Path, shim: Path, n: int) -> bool:
    """Run with the n-th write cut short; say whether there was one."""
    noted = folder.parent / "noted.txt"
    noted.unlink(missing_ok=True)
    extra = {"LD_PRELOAD": str(shim), "SHORT_WRITE_AT": str(n), "SHORT_WRITE_NOTED": str(noted)}
    ran = subprocess.run(
        program(folder), capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        env={**environment(), **extra},
    )  # fmt: skip
    assert ran.returncode == 0, (n, ran.stderr)
    return noted.exists() and noted.read_text() == "INJECTED\n"


def short_writes(
    at: Sequence[int], tmp: Path, shim: Path, new_plates: Any, tables: Any, whole: Any
) -> int:
    """Cut a write of a run short at each place; every run must be as an unbroken one."""
    unbroken = new_plates(tmp / "unbroken", N_PLATES)
    run_study(unbroken, workers=1)
    hits = 0
    for n in at:
        folder = new_plates(tmp / "short", N_PLATES)
        hits += short_write(folder, shim, n)
        assert tables(folder) == tables(unbroken), n
        whole(folder, N_PLATES)
        shutil.rmtree(folder)
    return hits


def test_a_few_short_writes(
    tmp_path: Path, shim: Path, new_plates: Callable[..., Path], tables: Any, whole: Any
) -> None:
    assert short_writes((1, 40, 120), tmp_path, shim, new_plates, tables, whole) == 3


@pytest.mark.soak
def test_a_short_write_anywhere(
    tmp_path: Path, shim: Path, new_plates: Callable[..., Path], tables: Any, whole: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    at = range(1, 201, 4)
    hits = short_writes(at, tmp_path, shim, new_plates, tables, whole)
    with capsys.disabled():
        sys.stdout.write(f"\n{len(at)} runs, {hits} writes cut short, tables equal every time\n")
    assert hits >= 45
