"""What was made fast gives what the plain way gives: each kernel beside its slow reference."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import brentq
from scipy.signal import find_peaks as scipy_peaks

from gating._logicle import Biexponential, matching_decay
from gating._run import spread
from gating.columns import Columns, columns_of
from gating.density import bin_plane, count_bins, count_plane, find_peaks, histogram, smooth
from gating.geometry import INSIDE, PASSED, bins_of_convex, convex_hull, in_binned, in_polygon
from gating.quality import check_flow

from ._tubes import culture, spill


@pytest.mark.parametrize("bandwidth", [1.5, 2.7, 10.0, 35.0])
def test_smoothing_is_scipys_gaussian_filter(bandwidth):
    counts = np.random.default_rng(0).poisson(50, (7, 256)).astype(float)
    theirs = gaussian_filter1d(counts, bandwidth, axis=-1, mode="constant", truncate=3.5)
    assert smooth(counts, bandwidth) == pytest.approx(theirs, rel=1e-12)
    assert smooth(counts[0], bandwidth) == pytest.approx(theirs[0], rel=1e-12)
    narrow = gaussian_filter1d(counts[:, :9], bandwidth, mode="constant", truncate=3.5)
    assert smooth(counts[:, :9], bandwidth) == pytest.approx(narrow, rel=1e-12)
    assert smooth(counts[0, :9], bandwidth) == pytest.approx(narrow[0], rel=1e-12)


def test_peaks_are_scipys_where_none_is_merged():
    rng = np.random.default_rng(1)
    for _ in range(20):
        density = smooth(rng.poisson(rng.uniform(50, 5_000, 256)).astype(float), 6.0)
        ours = [int(p.position) for p in find_peaks(density, 1e9, drop=0.0)]
        theirs, _ = scipy_peaks(np.pad(density, 1, constant_values=-1.0))
        assert ours == (theirs - 1).tolist()


def test_masses_of_peaks_are_the_events_between_valleys():
    counts = np.zeros(60)
    counts[10:15], counts[40:50] = 100.0, 300.0
    low, high = find_peaks(smooth(counts, 2.0), 2.0)
    assert (low.mass, high.mass) == pytest.approx((1 / 7, 6 / 7), abs=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 7, 40_000, 100_000])
def test_histograms_are_numpys_of_the_same_edges(n, dtype):
    values = np.random.default_rng(n).normal(3.0, 2.0, n).astype(dtype)
    found = histogram(values)
    edges = np.linspace(found.low, found.high, found.counts.size + 1)
    edges[0], edges[-1] = -np.inf, np.inf
    plain = np.histogram(values, edges)[0]
    assert found.total == n
    assert np.abs(found.counts - plain).sum() <= 1e-4 * n + 2  # values that rounding moves a bin


def test_a_histogram_of_values_as_far_apart_as_floats_can_be():
    top = np.finfo(np.float32).max
    found = histogram(np.array([-top, 0.0, 0.0, top], dtype=np.float32))
    assert found.total == 4


@pytest.mark.parametrize("n", [100, 100_000])
def test_a_plane_is_numpys_histogram2d(n):
    rng = np.random.default_rng(2)
    x, y = rng.normal(0, 1, n).astype(np.float32), rng.gamma(2, 1, n).astype(np.float32)
    axes = histogram(x, 96), histogram(y, 96)
    edges = [np.linspace(a.low, a.high, 97) for a in axes]
    held = [np.clip(v, e[0], e[-1]) for v, e in zip((x, y), edges, strict=True)]
    plain = np.histogram2d(*held, edges)[0]
    counts = count_plane(x, y, axes)
    assert np.array_equal(count_bins(bin_plane(x, y, axes), axes), counts)
    assert counts.sum() == n
    assert np.abs(counts - plain).sum() <= 1e-4 * n + 2


@given(
    st.lists(
        st.tuples(st.floats(-9, 9, width=32), st.floats(-9, 9, width=32)), min_size=3, max_size=30
    ),
    st.integers(2, 40),
)
def test_bins_answer_for_their_events_as_the_polygon_does(points, n_bins):
    corners = convex_hull(np.array(points))
    rng = np.random.default_rng(3)
    x, y = (np.concatenate([rng.uniform(-10, 10, 2_000), np.array(points)[:, k]]) for k in (0, 1))
    axes = histogram(x, n_bins, limits=(-8.0, 8.0)), histogram(y, n_bins, limits=(-8.0, 8.0))
    edges = axes[0].at(np.arange(n_bins + 1)), axes[1].at(np.arange(n_bins + 1))
    bins = bin_plane(x, y, axes)
    mask = in_binned(x, y, corners, bins=bins, edges=edges)
    assert np.array_equal(mask, in_polygon(x, y, corners))


def test_bins_are_not_all_passed():
    corners = np.array([[0.1, 0.1], [9.9, 0.1], [9.9, 9.9], [0.1, 9.9]])
    table = bins_of_convex(corners, (np.linspace(0, 10, 11), np.linspace(0, 10, 11)))
    assert np.all(table[1:-1, 1:-1] == INSIDE)
    assert np.all(table[[0, -1]] == PASSED)


@pytest.mark.parametrize("few", [1, 5_000_000])
def test_a_convex_polygon_with_strips_is_one_without(monkeypatch, few):
    monkeypatch.setattr("gating.geometry.FEW", few)
    rng = np.random.default_rng(4)
    corners = convex_hull(rng.normal(0, 1, (40, 2)))
    x, y = rng.normal(0, 1.5, (2, 50_000))
    a, b = corners, np.roll(corners, -1, axis=0)
    cross = (b[:, 0] - a[:, 0]) * (y[:, None] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (
        x[:, None] - a[:, 0]
    )
    assert np.array_equal(in_polygon(x, y, corners), (cross >= 0).all(axis=1))


def steady_by_hand(time, channels):
    """Return which events are kept, block by block as the rule is written."""
    n_blocks = min(time.size // 500, 200)
    low, high = time.min(), time.max()
    block = np.minimum((time - low) * (n_blocks / (high - low)), n_blocks - 1).astype(int)
    sizes = np.array([np.sum(block == k) for k in range(n_blocks)])
    usual = np.median(sizes[sizes > 0])
    bad = (sizes < 0.25 * usual) | (sizes > 3.0 * usual)
    for channel in channels:
        middle = np.sort(channel)[channel.size // 2]
        share = np.array([np.sum(channel[block == k] > middle) for k in range(n_blocks)])
        share = share / np.maximum(sizes, 1)
        away = np.abs(share - np.median(share))
        bad |= (away > 0.15) & (away > 6.0 * 0.5 / np.sqrt(np.maximum(sizes, 1)))
    return ~bad[block]


@pytest.mark.parametrize("in_order", [True, False])
def test_steady_events_are_those_of_the_rule_by_hand(in_order):
    rng = np.random.default_rng(5)
    time = rng.uniform(0, 60, 30_000)
    time = time[(time < 20) | (time > 23)]  # stretches without any event
    time = np.sort(time) if in_order else time
    signal = rng.lognormal(6, 1, time.size) * np.where((time > 40) & (time < 46), 2.0, 1.0)
    other = rng.normal(0, 1, time.size)
    found = check_flow(time, (signal, other))
    assert np.array_equal(found.kept, steady_by_hand(time, (signal, other)))
    assert not found.kept.all()


def test_columns_are_the_columns():
    matrix = np.random.default_rng(6).normal(0, 1, (20_001, 5)).astype(np.float32)
    assert np.array_equal(columns_of(matrix, [4, 0, 2]), matrix[:, [4, 0, 2]].T)


def test_compensation_in_parts_is_the_matrix_product():
    tube, _ = culture(40_000, seed=1)
    found = Columns(tube, spill(0.1, 0.05))
    raw = tube.events.select(("BL1-A", "YL2-A")).astype(float)
    plain = raw @ np.linalg.inv(spill(0.1, 0.05).matrix)
    for k, name in enumerate(("BL1-A", "YL2-A")):
        assert found.values(name) == pytest.approx(plain[:, k], rel=1e-9, abs=1e-9)


def test_ratios_of_some_events_are_those_of_all():
    tube, _ = culture(5_000, seed=2)
    rows = np.flatnonzero(np.random.default_rng(0).random(5_000) < 0.3)
    area, height = (tube.events.column(n).astype(float) for n in ("FSC-A", "FSC-H"))
    some = Columns(tube).of_rows("FSC-A/FSC-H", rows)
    assert np.array_equal(some, (area / height)[rows])
    mask = np.isin(np.arange(5_000), rows)
    assert np.array_equal(Columns(tube).of_rows("FSC-A/FSC-H", mask), some)


@pytest.mark.parametrize("numbers", [True, False])
def test_masks_of_a_parent_are_spread_over_all_events(numbers):
    rng = np.random.default_rng(7)
    held = rng.random(1_000) < 0.4
    masks = [rng.random(held.sum()) < p for p in (0.0, 0.3, 0.9, 1.0)]
    whole = spread(masks, np.flatnonzero(held) if numbers else held, 1_000)
    for mask, everywhere in zip(masks, whole, strict=True):
        plain = np.zeros(1_000, dtype=bool)
        plain[held] = mask
        assert np.array_equal(everywhere, plain)


@pytest.mark.parametrize("decades", [1.0, 3.3, 4.5, 7.0])
@pytest.mark.parametrize("share", [0.0, 1e-6, 0.1, 0.4, 0.5])
def test_the_decay_of_the_logicle_is_the_root_that_scipy_finds(decades, share):
    b = decades * np.log(10.0)
    root = b
    if share:
        root = brentq(lambda d: 2 * (np.log(d) - np.log(b)) + share * (b + d), 1e-300, b)
    assert matching_decay(b, share) == pytest.approx(root, rel=1e-11)
    curve = Biexponential.of(1e5, share * decades, decades, 0.0)
    assert curve.at(np.array([1.0]))[0] == pytest.approx(1e5, rel=1e-9)


def on_or_in(point, corners):
    """Say by whole numbers whether a point lies on an edge, or within by the even-odd rule."""
    (x, y), inside = point, False
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if turn == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return True
        if (ay > y) != (by > y) and (turn > 0) == (by > ay):
            inside = not inside
    return inside


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=3, max_size=8, unique=True)
)
def test_every_polygon_holds_its_whole_outline(corners):
    assume(len({x for x, _ in corners}) > 1)  # a line straight up has no width: it holds nothing
    grid = [(x, y) for x in range(-1, 10) for y in range(-1, 10)]
    x, y = np.array(grid, dtype=float).T
    found = in_polygon(x, y, np.array(corners, dtype=float))
    assert found.tolist() == [on_or_in(p, corners) for p in grid]
    halved = in_polygon(x / 2, y / 2, np.array(corners, dtype=float) / 2)
    assert np.array_equal(found, halved)
