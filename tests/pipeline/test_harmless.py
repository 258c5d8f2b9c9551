"""A threshold in an empty valley asks nobody for a look; one that moves cells does."""

import numpy as np
import pytest

from labproc.model import Boundary, SampleKey, SourceFile
from labproc.pipeline.attention import by_attention
from labproc.pipeline.harmless import settled
from labproc.pipeline.results import Density, GateView, TubeView

EDGES = np.linspace(0.0, 1.0, 101)
NOTHING = Density((), (), (), np.zeros(0, np.uint32), ())


def peaks(*, between: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    """Return 100 bins with 5,000 events at .2 and at .8, and some events a bin from .4 to .6."""
    counts = np.zeros(100, dtype=np.uint32)
    counts[15:25] = counts[75:85] = 500
    counts[40:60] = between
    return counts


def gate(population: str, points: list[float], counts: np.ndarray) -> GateView:
    channels = ("BL1-A", "RL1-A")[: len(points)]
    scales = ("linear",) * len(points)
    kind = "threshold" if len(points) == 1 else "quadrant"
    outline = Boundary(kind, channels, scales, np.array([points]))
    density = Density(channels, channels, scales, counts, (EDGES,) * len(points))
    return GateView(
        population, "Cells", 5_000, 10_000, 0.5, 0.5, 0.49, 0.51, kind, outline, density
    )


def tube(number: int, at: dict[str, float], gates: tuple[GateView, ...]) -> TubeView:
    key = SampleKey(donor="D1", arm="C", day=number, panel="car")
    features = {f"{p}, threshold": v for p, v in at.items()}
    source = SourceFile(f"{number}.fcs", f"{number:064}", "fcs")
    return TubeView(source, key, "car_t", 10_000, gates, features=features)


def group(odd: TubeView) -> list[TubeView]:
    usual = gate("Live", [0.4], peaks(between=0))
    return [*(tube(k, {"Live": 0.4 + 0.001 * k}, (usual,)) for k in range(8)), odd]


def asked(tubes: list[TubeView]) -> list[str]:
    return [t.source.path for t in by_attention(tubes) if t.reasons or t.flags]


@pytest.mark.parametrize(("between", "looked_at"), [(0, []), (2, []), (10, ["8.fcs"])])
def test_only_a_threshold_that_moves_cells_is_looked_at(between: int, looked_at: list[str]) -> None:
    # By hand: 20 bins of 2 are 40 of 10,040 events, .4 %; 20 bins of 10 are 2 %
    odd = tube(8, {"Live": 0.6}, (gate("Live", [0.6], peaks(between=between)),))
    assert asked(group(odd)) == looked_at


def test_without_a_drawing_a_threshold_is_looked_at() -> None:
    outline = gate("Live", [0.6], peaks(between=0))
    bare = GateView(
        "Live", "Cells", 5_000, 10_000, 0.5, 0.5, 0.49, 0.51, "valley", outline.boundary, NOTHING
    )
    assert asked(group(tube(8, {"Live": 0.6}, (bare,)))) == ["8.fcs"]
    assert asked(group(tube(8, {"Live": 0.6}, ()))) == ["8.fcs"]


def test_each_line_of_a_cross_is_held_against_its_own_channel() -> None:
    """Rows of the drawing run along the second channel, which alone has cells between."""
    counts = np.outer(peaks(between=100), peaks(between=0))
    names, at = ("CD4+", "CD8+"), {"CD4+": 0.4, "CD8+": 0.4}

    def cross(*points: float) -> tuple[GateView, ...]:
        return tuple(gate(n, list(points), counts) for n in names)

    usual = [tube(k, at, cross(0.4, 0.4)) for k in range(8)]
    odd = tube(8, {"CD4+": 0.6, "CD8+": 0.6}, cross(0.6, 0.6))
    found = settled([*usual, odd])[odd.source.sha256]
    assert found == {"CD4+, threshold": 0.4, "CD8+, threshold": 0.6}
