"""Linear scale and spillover, by hand and against flowkit."""

import numpy as np
import pytest

from gating.columns import Columns
from gating.compensation import check_spillover, compensate, linearise
from gating.engine import gate_tube
from gating.strategy import load_strategy
from labproc.errors import GatingError
from labproc.model import Channel, Events, FlowTube, SourceFile, Spillover

from ._tubes import NAMES, culture, spill, tube


def one(channel, values, step=None):
    events = Events(np.array(values, dtype=np.float64)[:, None], (channel,))
    return FlowTube(SourceFile("a.fcs", "0" * 64, "fcs"), events, time_step_s=step)


@pytest.mark.parametrize(
    ("channel", "step", "raw", "linear"),
    [
        (Channel("BL1-A", gain=2.0), None, 100.0, 50.0),
        # 10^(4 x 512 / 1024) x 1 = 100
        (Channel("FL1-H", range=1024, decades=4.0, offset=0.0), None, 512.0, 100.0),
        (Channel("FL1-H", range=1024, decades=4.0, offset=0.1), None, 512.0, 10.0),
        (Channel("Time"), 0.001, 2_000.0, 2.0),
    ],
)
def test_gain_log_and_time_step_are_applied_once(channel, step, raw, linear):
    first = linearise(one(channel, [raw], step))
    assert first.values[0, 0] == pytest.approx(linear)
    assert first.scale == "linear"
    assert Columns(one(channel, [raw], step)).values(channel.name)[0] == pytest.approx(linear)


def test_spillover_is_taken_out():
    # 1000 of dye 1 leave 200 in detector 2: measured (1000, 200)
    measured = tube([[0, 0, 0, 0, 1000, 0, 0, 0, 200]], spillover=spill(0.2, 0.0))
    clean = compensate(linearise(measured))
    assert clean.column("BL1-A")[0] == pytest.approx(1000)
    assert clean.column("YL2-A")[0] == pytest.approx(0, abs=1e-9)
    assert Columns(measured).values("YL2-A")[0] == pytest.approx(0, abs=1e-9)


def test_compensation_agrees_with_flowutils():
    from flowutils.compensate import compensate as judge

    sample, _ = culture(500)
    matrix = spill(0.15, 0.04)
    columns = [sample.events.index(d) for d in matrix.detectors]
    ours = compensate(linearise(tube(sample.events.values)), matrix)
    values = linearise(sample).values.astype(float)
    theirs = judge(values, matrix.matrix, np.array(columns))
    assert np.allclose(ours.values, theirs, rtol=1e-9, atol=1e-6)


def test_raw_events_are_not_compensated():
    sample, _ = culture(10)
    with pytest.raises(GatingError, match="found raw values, expected linear ones"):
        compensate(sample.events, spill(0.1, 0.1))


def test_dyes_that_cannot_be_told_apart_are_refused():
    same = Spillover(("BL1-A", "YL2-A"), np.ones((2, 2)))
    with pytest.raises(GatingError, match="BL1-A, YL2-A has no inverse"):
        compensate(linearise(culture(10)[0]), same)


@pytest.mark.parametrize(
    ("matrix", "code"),
    [
        (None, "uncompensated"),
        (spill(0.0, 0.0), "uncompensated"),
        (spill(1.7, 0.0), "spillover_nonsense"),
        (spill(0.9999, 0.9999), "spillover_ill_conditioned"),
    ],
)
def test_a_matrix_that_says_nothing_or_nonsense_is_flagged(matrix, code):
    assert code in {f.code for f in check_spillover(matrix)}


@pytest.mark.parametrize(
    ("matrix", "code", "words"),
    [
        ([[1, 1.4], [0, 1]], "spillover_nonsense", "BL1-A spills 1.40 into YL2-A, more than"),
        ([[1, -0.3], [0, 1]], "spillover_nonsense", "is the matrix an inverse already?"),
        ([[100, 20], [5, 100]], "spillover_nonsense", "are the numbers percentages?"),
        ([[1.05, 0.2], [0, 1]], "spillover_diagonal", "diagonal is not 1 (1.05)"),
        ([[1, 0.9999], [1.0, 1]], "spillover_ill_conditioned", "can hardly be told apart"),
        ([[1, 0], [0, 1]], "uncompensated", "identity"),
    ],
)
def test_a_doubtful_matrix_is_flagged(matrix, code, words):
    flags = check_spillover(Spillover(("BL1-A", "YL2-A"), np.array(matrix, dtype=float)))
    assert [f.code for f in flags if words in f.message] == [code]


def test_a_matrix_as_an_instrument_makes_it_is_not_flagged():
    assert check_spillover(Spillover(("A", "B"), np.array([[1, 0.5], [-0.004, 1]]))) == ()


def spilled(share):
    """Return a culture of which the CD8 dye leaves a share of its signal in CD4's detector."""
    sample, _ = culture(6_000, seed=4)
    values = np.array(sample.events.values)
    values[:, NAMES.index("VL1-A")] += share * values[:, NAMES.index("RL1-A")]
    return values


DYES = ("RL1-A", "VL1-A")


@pytest.mark.parametrize(
    ("share", "spillover", "seen"),
    [
        (0.8, None, True),
        (0.8, Spillover(DYES, np.eye(2)), True),
        (0.8, Spillover(DYES, np.array([[1.0, 0.8], [0.0, 1.0]])), False),
        (0.0, None, False),
    ],
    ids=["no matrix", "identity", "compensated", "no spill"],
)
def test_spillover_that_makes_double_positives_needs_a_look(share, spillover, seen):
    made = gate_tube(tube(spilled(share), spillover=spillover), load_strategy("cd4_cd8"), draws=0)
    both = made.get("CD4+CD8+")
    flags = {f.code: f.severity.value for f in both.flags}
    assert flags.get("many_double_positives") == ("review" if seen else None)
    assert (both.n_events > 0.1 * both.n_parent) == seen


@pytest.mark.parametrize(
    ("spillover", "seen"),
    [
        (None, True),
        (Spillover(DYES, np.eye(2)), True),
        (Spillover(DYES, np.array([[1.0, 0.001], [0.0, 1.0]])), False),
        (Spillover(("BL1-A", "RL2-A"), np.array([[1.0, 0.001], [0.0, 1.0]])), True),
    ],
    ids=["no matrix", "identity", "compensated", "other dyes compensated"],
)
def test_the_engine_tells_the_cross_whether_its_dyes_were_compensated(spillover, seen):
    values = spilled(0.0)
    stained = np.random.default_rng(5).random(len(values)) < 0.2  # CD8 cells that hold CD4 too
    high = np.percentile(values[:, NAMES.index("VL1-A")], 75)
    values[stained & (values[:, NAMES.index("RL1-A")] > 5_000), NAMES.index("VL1-A")] = high
    stained &= values[:, NAMES.index("VL1-A")] > 5_000
    values[stained, NAMES.index("RL1-A")] = np.percentile(values[:, NAMES.index("RL1-A")], 75)
    made = gate_tube(tube(values, spillover=spillover), load_strategy("cd4_cd8"), draws=0)
    both = made.get("CD4+CD8+")
    assert 0.15 < both.n_events / both.n_parent < 0.25
    flags = {f.code: f.severity.value for f in both.flags}
    assert flags.get("spillover_visible") == ("review" if seen else None)
