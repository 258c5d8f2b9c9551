"""Studies that are quick to run, watchers as processes of their own, and what must hold of both."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from labproc.store import TABLES, Store, known_results

PLATES = """[study]
title = "Plates"
control = "C"
[arms.C]
[arms.Len]
[qpcr]
transgene = "CAR"
sample_pattern = "{donor}_{arm}_d{day}"
dna_ng_per_well = 200
standard_unit = "copies_per_well"
"""
STANDARDS = "".join(
    f"{row}{col};STD;CAR;Standard;{38.0 - 3.3219 * exponent:.4f};{10**exponent}\n"
    for exponent, row in enumerate("ABCDE", start=1)
    for col in (1, 2)
)


def plate(n: int) -> bytes:
    """Return the n-th plate: five levels of standards, one sample of its own."""
    wells = "".join(f"H{col};D{n}_C_d7;CAR;Unknown;{25 + n % 7 / 10:.2f};\n" for col in (1, 2))
    return f"Well;Sample;Gene;Type;Cq;Copies\n{STANDARDS}{wells}".encode()


@pytest.fixture(scope="session")
def plate_of() -> Callable[[int], bytes]:
    return plate


def write_plates(folder: Path, n: int) -> Path:
    """Write a study of n plates that were finished long ago."""
    (folder / "raw").mkdir(parents=True)
    (folder / "study.toml").write_text(PLATES, encoding="utf-8")
    for i in range(n):
        path = folder / "raw" / f"plate{i:04d}.csv"
        path.write_bytes(plate(i))
        os.utime(path, (1e9, 1e9))
    return folder


@pytest.fixture(scope="session")
def new_plates() -> Callable[[Path, int], Path]:
    return write_plates


@pytest.fixture
def plates(tmp_path: Path) -> Path:
    """Return a study of plates whose raw/ is empty."""
    return write_plates(tmp_path / "plates", 0)


def read_tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "results/tables" / f"{name}.csv").read_bytes() for name in TABLES}


@pytest.fixture(scope="session")
def tables() -> Callable[[Path], dict[str, bytes]]:
    return read_tables


def check_whole(folder: Path, n_results: int) -> None:
    """Hold a study to its record: chain whole, each result once, nothing half-written left."""
    with Store.open(folder / "results/labproc.sqlite") as store:
        assert store.verify_audit() == []
        assert len(known_results(store)) == n_results
        said = [r["subject"] for r in store.audit_rows() if r["action"].startswith("file ")]
        assert len(said) == len(set(said)) == n_results
    left = [p.name for p in (folder / "results").rglob("*") if p.name.startswith(".")]
    assert left == []


@pytest.fixture(scope="session")
def whole() -> Callable[[Path, int], None]:
    return check_whole


@dataclass
class Watchers:
    """``labproc watch`` as processes; what each said stands in its own file."""

    folder: Path
    log: Path
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        program = [sys.executable, "-m", "labproc", "watch", str(self.folder), *options]
        path = self.log / f"watcher-{len(self.running)}.txt"
        with path.open("wb") as said:
            one = subprocess.Popen(program, stdout=said, stderr=said, start_new_session=True)
        self.running.append(one)
        return one

    def said(self) -> str:
        return "".join(p.read_text(encoding="utf-8") for p in sorted(self.log.glob("watcher-*")))

    def stop(self) -> list[int]:
        """Stop all as a service does, and return their exit codes."""
        for one in self.running:
            if one.poll() is None:
                one.send_signal(signal.SIGTERM)
        return [one.wait(120) for one in self.running]


@pytest.fixture
def watchers(plates: Path, tmp_path: Path) -> Iterator[Watchers]:
    made = Watchers(plates, tmp_path)
    yield made
    for one in made.running:
        if one.poll() is None:
            os.killpg(one.pid, signal.SIGKILL)
            one.wait()


def until(is_so: Callable[[], bool], patience_s: float) -> float:
    """Wait until something is so, and return how long it took."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > patience_s:
            pytest.fail(f"not so after {patience_s} s")
        time.sleep(0.2)
    return time.monotonic() - began


@pytest.fixture(name="until")
def until_fixture() -> Callable[[Callable[[], bool], float], float]:
    return until


def cpu_s(process: "subprocess.Popen[bytes]") -> float:
    """Return the processor time of a process and all that it started, in seconds."""
    top = psutil.Process(process.pid)
    times = [p.cpu_times() for p in (top, *top.children(recursive=True))]
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


@pytest.fixture(name="cpu_s")
def cpu_s_fixture() -> Callable[["subprocess.Popen[bytes]"], float]:
    return cpu_s


def within(bar_s: float, clock_s: float, cpu: float) -> bool:
    """Hold a time to its bar: on the clock, or of the processor where others have most of it."""
    is_busy = os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)
    return (cpu if is_busy else clock_s) < bar_s


@pytest.fixture(name="within")
def within_fixture() -> Callable[[float, float, float], bool]:
    return within


def results_in(folder: Path) -> int:
    """Return how many results a store holds."""
    if not (folder / "results/labproc.sqlite").is_file():
        return 0
    with Store.open(folder / "results/labproc.sqlite") as store:
        return len(known_results(store))


@pytest.fixture(name="results_in")
def results_in_fixture() -> Callable[[Path], int]:
    return results_in
