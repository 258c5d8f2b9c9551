"""Debris ends at the pass between its hill and the cells', on maps made by hand and simulated."""

import numpy as np
import pytest

from gating.methods import METHODS, Request
from gating.methods._debris import Edge, _level, debris_edge, upright
from gating.transforms import Linear

from ._tubes import agreement

TOP = 262_144.0


def test_the_level_is_the_lowest_place_of_the_highest_way() -> None:
    # By hand: from 9 the way to the last column leads over 3 (up and round the 1), not over 1
    density = np.array([
        [9.0, 0.0, 0.0],
        [1.0, 3.0, 0.0],
        [7.0, 2.0, 0.0],
    ])  # fmt: skip
    expected = [[9.0, -1.0, -1.0], [1.0, 3.0, 0.0], [3.0, 2.0, 0.0]]
    assert _level(density, 0, 0).tolist() == expected


def hills(*tops: tuple[float, float, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return a map of round hills of three bins' width: across, up and height of each."""
    across, up = np.meshgrid(np.arange(60) + 0.5, np.arange(60) + 0.5, indexing="ij")
    return sum(h * np.exp(-((across - x) ** 2 + (up - y) ** 2) / 18.0) for x, y, h in tops)


def test_the_edge_is_halfway_between_two_equal_hills_and_across_the_way() -> None:
    edge = debris_edge(hills((10.5, 10.5, 500.0), (34.5, 22.5, 500.0)), 22, 1.5)
    assert edge.point == pytest.approx([22.5, 16.5], abs=2.0)  # a step is two bins up at most
    assert edge.towards[1] / edge.towards[0] == pytest.approx(0.5)


def test_the_edge_parts_debris_from_the_cells_next_to_it_not_from_the_most() -> None:
    """Small cells lie between debris and the larger ones, and the deeper valley behind them."""
    density = hills((8.5, 8.5, 500.0), (26.5, 12.5, 200.0), (50.5, 40.5, 900.0))
    edge = debris_edge(density, 17, 1.5)
    assert 12 < edge.point[0] < 22
    assert not edge.debris((60, 60))[26, 12]


def test_where_nothing_rises_beyond_the_cut_stands_upright() -> None:
    edge = debris_edge(hills((10.5, 10.5, 500.0)), 30, 1.5)
    assert np.array_equal(edge.point, upright(30).point)
    assert np.array_equal(edge.debris((60, 60)).sum(axis=1), np.repeat([60, 0], 30))


def test_an_outline_is_clipped_at_the_edge() -> None:
    # By hand: the square from 0 to 4, cut by x + y = 4 and kept above it, is a triangle
    square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
    kept = Edge(np.array([2.0, 2.0]), np.array([1.0, 1.0])).clip(square)
    assert {tuple(c) for c in kept.tolist()} == {(4.0, 0.0), (4.0, 4.0), (0.0, 4.0)}


def spleen(n: int, seed: int):
    """Return scatter of small cells on a slope, dying ones of high side scatter, and debris.

    Debris of the least side scatter reaches furthest along the forward scatter.
    """
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, n, p=[0.55, 0.15, 0.3])
    size = rng.normal(0.0, 1.0, n)
    forward = np.select([kind == 0, kind == 1], [62e3 + 9e3 * size, 40e3 + 9e3 * size], 9e3)
    side = np.select([kind == 0, kind == 1], [15e3 + 3e3 * size, 45e3 + 8e3 * size], 8e3)
    small = kind == 2
    forward = forward + np.where(small, rng.gamma(2.0, 6e3, n), rng.normal(0.0, 4e3, n))
    side = side + np.where(small, rng.normal(0.0, 3e3, n), rng.normal(0.0, 3e3, n))
    keep = np.minimum(forward, side) > 0
    return forward[keep], side[keep], ~small[keep]


@pytest.mark.parametrize("n", [1_000, 5_000, 50_000])
def test_cells_are_held_though_debris_reaches_as_far_as_the_dying(n: int) -> None:
    for seed in range(3):
        forward, side, cells = spleen(n, seed)
        request = Request(
            ("Cells",), ("FSC-A", "SSC-A"), (forward, side), (Linear(), Linear()),
            ranges=(TOP, TOP),
        )  # fmt: skip
        (made,) = METHODS.get("cells").place(request)
        assert agreement(made.mask, cells) > 0.96
