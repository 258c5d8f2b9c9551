"""The quick look at a dragged gate agrees with gating the tube anew."""

from pathlib import Path

import pytest

from labproc.errors import GatingError
from labproc.pipeline.quick import hold, quick_gate
from labproc.pipeline.results import TubeView
from labproc.pipeline.review import preview_gate
from labproc.pipeline.runner import load_results, run_study
from labproc.simulate import Design, write_study

SMALL = Design(
    donors=1, days=(0, 2), panels=("car", "subset"), n_events=3_000, with_qpcr=False,
    with_patient=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("quick")
    write_study(where, SMALL)
    run_study(where, workers=1, hold=())
    return where


@pytest.fixture(scope="module")
def tubes(folder: Path) -> tuple[TubeView, ...]:
    return load_results(folder).tubes


def moved(tube: TubeView, population: str, by: float) -> list[list[float]]:
    gate = next(g for g in tube.gates if g.population == population)
    return [[float(x) * by for x in point] for point in gate.boundary.points]


@pytest.mark.parametrize("population", ["CAR+", "Live", "T cells", "Singlets", "CD4+"])
def test_the_moved_gates_count_is_that_of_gating_anew(
    folder: Path, tubes: tuple[TubeView, ...], population: str
) -> None:
    tube = next(t for t in tubes if any(g.population == population for g in t.gates))
    points = moved(tube, population, 1.07)
    quick = quick_gate(hold(folder, tube), tube, population, points)
    anew = preview_gate(folder, tube.source.sha256, population, points)
    count = {g.population: g.n_events for g in anew.gates}
    shown = next(g for g in quick.gates if g.population == population)
    assert shown.n_events == count[population]
    assert shown.fraction == pytest.approx(shown.n_events / shown.n_parent)


def test_gates_above_the_moved_one_stay(folder: Path, tubes: tuple[TubeView, ...]) -> None:
    tube = next(t for t in tubes if any(g.population == "CAR+" for g in t.gates))
    quick = quick_gate(hold(folder, tube), tube, "CAR+", moved(tube, "CAR+", 1.5))
    assert [g.n_events for g in quick.gates[:-1]] == [g.n_events for g in tube.gates[:-1]]
    assert quick.gates[-1].n_events < tube.gates[-1].n_events


def test_children_lie_within_a_moved_parent(folder: Path, tubes: tuple[TubeView, ...]) -> None:
    tube = next(t for t in tubes if any(g.population == "CAR+" for g in t.gates))
    quick = {g.population: g for g in quick_gate(hold(folder, tube), tube, "Live", [[1.0]]).gates}
    assert quick["CAR+"].n_events <= quick["T cells"].n_events <= quick["Live"].n_events


def test_points_that_are_no_such_gate_are_refused(
    folder: Path, tubes: tuple[TubeView, ...]
) -> None:
    tube = next(t for t in tubes if any(g.population == "CAR+" for g in t.gates))
    with pytest.raises(GatingError, match=r"CAR\+"):
        quick_gate(hold(folder, tube), tube, "CAR+", [[1.0, 2.0]])
