"""Where debris ends in the plane of forward and side scatter: a line through the pass between them.

Debris and cells are two hills on the map of forward against side scatter. The way from one to the
other that stays highest crosses a pass; there, across the way from peak to peak, lies the edge.
Forward scatter alone puts it in the wrong place wherever small cells lie low and debris high.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from gating.density import MIN_DROP, NOISE_SIGMAS

STEEP = 2  # bins up or down the side scatter for each bin of forward scatter
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Edge:
    """A line in the plane, in bins: ``point`` on it, ``towards`` the cells across it."""

    point: Floats
    towards: Floats

    def debris(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Say of which bins the middle lies on the side of the debris."""
        across, up = (np.arange(n, dtype=np.float64) + 0.5 for n in shape)
        return np.asarray(self._side(across[:, None], up[None, :]) < 0)

    def clip(self, corners: Floats) -> Floats:
        """Return what of a convex outline lies on the side of the cells."""
        side = self._side(corners[:, 0], corners[:, 1])
        after, side_after = np.roll(corners, -1, axis=0), np.roll(side, -1)
        kept = side >= 0
        crossed = np.flatnonzero(kept != (side_after >= 0))
        way = side[crossed] / (side[crossed] - side_after[crossed])
        passed = corners[crossed] + (after[crossed] - corners[crossed]) * way[:, None]
        order = np.argsort(np.append(np.flatnonzero(kept), crossed + 0.5))
        return np.concatenate([corners[kept], passed])[order]

    def _side(self, across: Floats, up: Floats) -> Floats:
        x, y = self.towards
        return np.asarray((across - self.point[0]) * x + (up - self.point[1]) * y)


def upright(cut: float) -> Edge:
    """Return the edge at one forward scatter, whatever the side scatter."""
    return Edge(np.array([cut, 0.0]), np.array([1.0, 0.0]))


def debris_edge(density: Floats, cut: int, smoothing: float) -> Edge:
    """Return the line between the debris and the cells that are next to it.

    Parameters
    ----------
    density : ndarray, shape (n_forward, n_side)
        Events in equal bins, smoothed.
    cut : int
        Bin of forward scatter at the valley between debris and cells: the debris' peak lies below.
    smoothing : float
        Standard deviation in bins of what ``density`` was smoothed by.

    Returns
    -------
    Edge
        Upright at ``cut`` where nothing beyond stands out by more than counting noise.
    """
    start = np.array(np.unravel_index(int(density[:cut].argmax()), density[:cut].shape))
    level = _level(density, int(start[0]), int(start[1]))
    beyond, lowest = density[cut:], level[cut:]
    noise = np.sqrt((beyond + np.maximum(lowest, 0.0)) / (4.0 * np.pi * smoothing**2))
    needed = np.maximum(MIN_DROP * beyond, NOISE_SIGMAS * noise)
    passes = np.where(beyond - lowest > needed, lowest, -1.0)
    highest = float(passes.max())
    if highest < 0:
        return upright(cut)
    behind = np.where(passes == highest, beyond, -1.0)
    top = np.add(np.unravel_index(int(behind.argmax()), behind.shape), (cut, 0))
    way = density[start[0] : top[0] + 1]
    at = np.add(np.argwhere(way == highest)[0], (start[0], 0))
    return Edge(at + 0.5, (top - start).astype(np.float64))


def _level(density: Floats, start: int, side: int) -> Floats:
    """Return for each bin the lowest density on the way from the start that stays highest.

    A way goes from bin to bin of growing forward scatter, up to ``STEEP`` bins of side scatter at
    a time; -1 where none leads.
    """
    n_across, n_up = density.shape
    padded = np.full((n_across, n_up + 2 * STEEP), -1.0)
    level = padded[:, STEEP : STEEP + n_up]
    level[start, side] = density[start, side]
    neighbours = sliding_window_view(padded, n_up, axis=1)  # of each bin, those one row back
    rows = zip(neighbours[start:-1], level[start + 1 :], density[start + 1 :], strict=True)
    for before, here, most in rows:
        np.maximum.reduce(before, axis=0, out=here)
        np.minimum(here, most, out=here)
    return level
