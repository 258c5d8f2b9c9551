"""Bytes to gated counts against flowkit applying gates that are already drawn, paired.

Both see the same file in the same process, turn by turn; the median of the pairs' ratios of CPU
time is held against the bar, since the clock depends on who else is at work; it is written beside
it. Ours reads, looks at the flow, and places and applies its gates by itself: quality
control, cells, singlets, viability, CD3 and the cross of CD4 and CD8. Theirs reads and applies
five gates that somebody has drawn.
"""

import subprocess
import sys
from statistics import median
from time import perf_counter, process_time

import numpy as np
import pytest

from gating.engine import gate_tube
from gating.strategy import load_strategy
from gating.transforms import Logicle
from labproc.parsers.fcs import read_tube
from tests.gating._tubes import LABELS, NAMES, culture

pytestmark = pytest.mark.bench
ROUNDS = 21
PAIR = 100_000
# Times flowkit, with 10 as the aim: 5.3 on a quiet machine, 4.2 where others use its caches.
BAR = 5.0
HASH = "0" * 64  # taken when a file is taken in, once; flowkit takes none


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    import flowio

    tube, _ = culture(PAIR, seed=1)
    other = np.random.default_rng(0).normal(500, 200, (PAIR, 1)).astype(np.float32)
    values = np.column_stack([tube.events.values, other])
    path = tmp_path_factory.mktemp("bench") / "tube.fcs"
    with path.open("wb") as out:
        flowio.create_fcs(
            out,
            values.ravel().tolist(),
            [*NAMES, "YL1-A"],
            opt_channel_names=[*LABELS, "other"],
            metadata_dict={"timestep": "0.001"},
        )
    return path


def drawn_gates():
    """Five gates as flowkit draws them, on its own logicle."""
    import flowkit as fk

    strategy = fk.GatingStrategy()
    logicle = fk.transforms.LogicleTransform(param_t=1048576, param_w=0.5, param_m=4.5, param_a=0)
    strategy.add_transform("logicle", logicle)
    corners = [(1.2e5, 1e3), (1.2e5, 5e5), (9e5, 1e6), (1e6, 5e5), (9e5, 1e3)]
    scatter = [fk.Dimension("FSC-A"), fk.Dimension("SSC-A")]
    strategy.add_gate(fk.gates.PolygonGate("Cells", scatter, corners), ("root",))
    path = ("root", "Cells")
    for name, channel, low, high in (
        ("Live", "RL2-A", None, 0.6),
        ("T cells", "YL2-A", 0.4, None),
        ("CD4", "VL1-A", 0.4, None),
        ("CD8 low", "RL1-A", None, 0.4),
    ):
        dim = fk.Dimension(channel, transformation_ref="logicle", range_min=low, range_max=high)
        strategy.add_gate(fk.gates.RectangleGate(name, [dim]), path)
        path = (*path, name)
    return strategy


def timed(work):
    """Return the seconds of CPU and of the clock."""
    start = process_time(), perf_counter()
    work()
    return process_time() - start[0], perf_counter() - start[1]


def paired(ours, theirs):
    """Return the median CPU times of both, and the medians of theirs / ours in CPU and clock."""
    ours(), theirs()
    pairs = [(timed(ours), timed(theirs)) for _ in range(ROUNDS)]
    both = [median(p[k][0] for p in pairs) for k in (0, 1)]
    return *both, *(median(theirs[k] / ours[k] for ours, theirs in pairs) for k in (0, 1))


def report(line):
    """Write a figure where ``make bench`` shows it."""
    sys.stdout.write(line + "\n")


def test_a_tube_is_gated_faster_than_flowkit_applies_drawn_gates(file):
    import flowkit as fk

    drawn, plan = drawn_gates(), load_strategy("cd4_cd8")
    ratios = {}
    for named, sha256, draws in (
        ("as in a study, hashed at intake", HASH, 0),
        ("hashed as well", None, 0),
        ("with intervals", HASH, 200),
    ):
        ours, theirs, ratios[named], clock = paired(
            lambda s=sha256, d=draws: gate_tube(read_tube(file, sha256=s), plan, draws=d),
            lambda: drawn.gate_sample(fk.Sample(file)),
        )
        report(
            f"{PAIR:,} x 10 to gated counts, {named}: labproc {ours * 1e3:.1f} ms, "
            f"flowkit {theirs * 1e3:.1f} ms of CPU, {ratios[named]:.1f} times "
            f"({clock:.1f} by the clock)"
        )
    assert ratios["as in a study, hashed at intake"] >= BAR


def test_a_tube_with_intervals_takes_at_most_60_ms(file):
    plan = load_strategy("cd4_cd8")
    gate_tube(read_tube(file), plan)
    times = [timed(lambda: gate_tube(read_tube(file), plan)) for _ in range(ROUNDS)]
    taken, clock = (median(t[k] for t in times) for k in (0, 1))
    report(
        f"{PAIR:,} x 10, hashed, with bootstrap intervals (200 draws): {taken * 1e3:.1f} ms of "
        f"CPU, {clock * 1e3:.1f} by the clock"
    )
    assert taken <= 0.060, f"{taken * 1e3:.0f} ms"


def test_ten_million_events_are_gated_in_bounded_time_and_memory(tmp_path):
    from labproc.formats.fcs.write import write_fcs
    from labproc.model import Channel

    tube, _ = culture(500_000, seed=2)
    n, rng = 10_000_000, np.random.default_rng(0)
    values = np.empty((n, 12), np.float32)
    for a in range(0, n, 500_000):
        values[a : a + 500_000, :9] = tube.events.values
        values[a : a + 500_000, 9:] = rng.normal(500, 200, (500_000, 3))
    values[:, 0] = np.sort(rng.uniform(0, 6e5, n))
    others = [Channel(f"VL{k}-A", range=1_048_576.0) for k in (2, 3, 4)]
    path = tmp_path / "large.fcs"
    keywords = {"$TIMESTEP": "0.001"}
    write_fcs(path, values, [*tube.events.channels, *others], keywords=keywords)
    del values
    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(path)], check=True, capture_output=True, text=True
    )
    seconds, cpu, kib = (float(w) for w in done.stdout.split())
    times_the_file = kib * 1024 / path.stat().st_size
    report(
        f"10,000,000 x 12 gated with intervals: {seconds:.1f} s on the clock, {cpu:.1f} s of CPU, "
        f"{times_the_file:.2f}x the file"
    )
    assert cpu <= 6  # one thread: the clock of an idle machine
    assert times_the_file <= 1.5


LARGE = """
import re, sys, time
from pathlib import Path
from gating.engine import gate_tube
from gating.strategy import load_strategy
from labproc.parsers.fcs import read_tube
def peak():  # ru_maxrss would hold what the parent had when it forked
    return int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])
before, clock, cpu = peak(), time.perf_counter(), time.process_time()
gated = gate_tube(read_tube(Path(sys.argv[1])), load_strategy('cd4_cd8'))
assert gated.get('CD4+').n_events > 1_000_000
print(time.perf_counter() - clock, time.process_time() - cpu, peak() - before)
"""


def test_logicle_is_faster_than_flowutils_and_as_exact():
    from flowutils.transforms import logicle

    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0, 300, 500_000), 10 ** rng.uniform(0, 5.4, 500_000)])
    values = values.astype(np.float32)
    table = values.astype(np.float64)[:, None]
    scale = Logicle(262_144.0, 0.5, 4.5, 0.0)
    ours, theirs, ratio, _ = paired(
        lambda: scale.forward(values), lambda: logicle(table, [0], t=262_144, w=0.5, m=4.5, a=0)
    )
    reference = logicle(table, [0], t=262_144, w=0.5, m=4.5, a=0)[:, 0]
    error = float(np.abs(scale.forward(values) - reference).max())
    assert error <= 1e-6
    report(
        f"logicle: {ours * 1e3:.1f} ms a million, flowutils {theirs * 1e3:.1f}, {ratio:.0f} times"
    )
    assert ratio >= 8.0
