"""Steady flow: what is cut was put there by hand."""

import numpy as np
import pytest

from gating.quality import check_flow


def acquisition(n=20_000, seconds=60.0, seed=0):
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(0, seconds, n)), rng.lognormal(6, 0.3, n), rng


def test_a_steady_acquisition_is_kept_whole():
    time, signal, _ = acquisition()
    found = check_flow(time, (signal,))
    assert found.kept.all()
    assert found.kept_time == 1.0
    assert found.flags == ()


def test_a_clog_is_cut_out_and_its_time_is_counted():
    time, signal, rng = acquisition()
    clogged = (time > 20) & (time < 26) & (rng.random(time.size) < 0.95)
    found = check_flow(time[~clogged], (signal[~clogged],))
    assert found.kept_time == pytest.approx(0.9, abs=0.02)
    assert not found.kept[(time[~clogged] > 21) & (time[~clogged] < 25)].any()
    assert {f.code for f in found.flags} == {"flow_rate_gap"}


def test_a_shift_of_the_signal_is_cut_out():
    time, signal, _ = acquisition()
    shifted = np.where((time > 40) & (time < 46), signal * 1.6, signal)
    found = check_flow(time, (shifted,))
    assert found.kept_time == pytest.approx(0.9, abs=0.02)
    assert "unsteady_signal" in {f.code for f in found.flags}


def test_a_slow_drift_is_flagged_and_not_cut():
    time, signal, _ = acquisition()
    found = check_flow(time, (signal * (1 + 0.1 * time / 60),))
    assert found.kept_time > 0.98
    assert "signal_drift" in {f.code for f in found.flags}


def test_the_order_of_the_events_does_not_matter():
    time, signal, rng = acquisition()
    signal = np.where(time < 5, signal * 2, signal)
    order = rng.permutation(time.size)
    plain, moved = check_flow(time, (signal,)), check_flow(time[order], (signal[order],))
    assert np.array_equal(plain.kept[order], moved.kept)


@pytest.mark.parametrize("n", [0, 1, 100])
def test_hardly_any_events_are_left_alone(n):
    time, signal, _ = acquisition(max(n, 1))
    assert check_flow(time[:n], (signal[:n],)).kept.all()


@pytest.mark.shared
def test_what_is_cut_is_what_peacoqc_cuts(shared):
    from labproc.parsers.fcs import read_tube

    tube = read_tube(shared / "data/fcs/peacoqc/091.fcs")
    theirs = np.load(shared / "data/fcs/peacoqc/truth/091_kept.npz")["kept"]
    names = [n for n in tube.events.names if n != "Time"]
    found = check_flow(tube.events.column("Time"), tuple(tube.events.column(n) for n in names))
    assert np.mean(found.kept[theirs]) > 0.95
    first = tube.events.column("Time") < np.quantile(tube.events.column("Time"), 0.05)
    assert not theirs[first].any()  # the green laser was not there yet
    assert not found.kept[first].any()
