"""Reading FCS against the disk and against other readers, paired in one run."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labproc.formats.fcs.dataset import open_fcs
from labproc.formats.fcs.write import write_fcs
from labproc.model import Channel

pytestmark = pytest.mark.bench
ROUNDS = 9


def report(line: str) -> None:
    """Write a figure where ``make bench`` shows it."""
    sys.stdout.write(line + "\n")


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,000,000 events x 20 float32."""
    path = tmp_path_factory.mktemp("speed") / "million.fcs"
    values = np.random.default_rng(0).normal(5e3, 3e3, (1_000_000, 20)).astype(np.float32)
    write_fcs(path, values, [Channel(f"C{i}-A", range=262_144.0) for i in range(20)])
    return path


def _paired(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int = ROUNDS
) -> float:
    """Return the median of ours / theirs, timed in turns so that both share the machine's mood."""
    ratios = []
    for _ in range(rounds):
        times = []
        for work in (ours, theirs):
            begun = time.perf_counter()
            work()
            times.append(time.perf_counter() - begun)
        ratios.append(times[0] / times[1])
    return statistics.median(ratios)


def test_a_million_events_cost_little_more_than_their_bytes(million: Path) -> None:
    begin = open_fcs(million)[0].begin

    def disk() -> np.ndarray:
        return np.fromfile(million, "<f4", 20_000_000, offset=begin).reshape(-1, 20)

    as_stored = _paired(lambda: open_fcs(million)[0].matrix().sum(), lambda: disk().sum())
    as_double = _paired(
        lambda: open_fcs(million)[0].matrix().astype(np.float64),
        lambda: disk().astype(np.float64),
    )
    report(f"labproc / np.fromfile: {as_stored:.2f} read and summed, {as_double:.2f} as float64")
    assert max(as_stored, as_double) <= 1.5


def test_a_million_events_are_read_four_times_faster_than_by_others(million: Path) -> None:
    import flowio
    import flowkit

    def ours() -> float:
        return float(open_fcs(million)[0].matrix().sum())  # every value is touched

    def by_flowio() -> float:
        return float(np.reshape(flowio.FlowData(million).events, (-1, 20)).sum())

    def by_flowkit() -> float:
        sample = flowkit.Sample(million, sample_id="m")
        return float(sample.get_events(source="raw").sum())

    assert by_flowio() == ours()
    ratios = [_paired(by_flowio, ours, 7), _paired(by_flowkit, ours, 3)]
    doubles = _paired(
        lambda: flowio.FlowData(million).as_array(preprocess=False),
        lambda: np.array(open_fcs(million)[0].matrix(), np.float64),
        5,
    )
    report(f"flowio / labproc {ratios[0]:.1f}, flowkit / labproc {ratios[1]:.1f}, summed")
    report(f"flowio / labproc {doubles:.1f} when both are asked for float64")
    assert min(ratios) >= 4


def test_ten_million_events_are_opened_in_bounded_time_and_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.fcs"
    values = np.random.default_rng(0).random((10_000_000, 12), np.float32) * 1e5
    write_fcs(path, values, [Channel(f"C{i}", range=262_144.0) for i in range(12)])
    del values
    script = (
        "import re, sys, time\nfrom pathlib import Path\nimport numpy\n"
        "from labproc.formats.fcs.dataset import open_fcs\n"
        "def peak():\n"  # ru_maxrss would hold what the parent had when it forked
        "    return int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "before, begun = peak(), time.perf_counter()\n"
        "values = open_fcs(Path(sys.argv[1]))[0].matrix()\n"
        "sums = sum(values[i : i + 100_000].sum() for i in range(0, len(values), 100_000))\n"
        "print(time.perf_counter() - begun, peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], check=True, capture_output=True, text=True
    )
    seconds, kib = (float(w) for w in done.stdout.split())
    times_the_file = kib * 1024 / path.stat().st_size
    report(f"10,000,000 x 12: {seconds:.2f} s, {times_the_file:.2f}x the file")
    assert seconds < 2
    assert times_the_file <= 1.5
