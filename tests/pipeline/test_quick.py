"""The quick look at a dragged gate agrees with gating the tube anew."""

import csv
from pathlib import Path

import numpy as np
import pytest

from labproc.errors import GatingError
from labproc.formats.fcs.write import write_fcs
from labproc.model import FlowTube
from labproc.parsers.fcs import read_tube
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


@pytest.fixture
def stained(tmp_path: Path) -> Path:
    """Return a study compensated by single stains, unlike the matrix that its files hold."""
    write_study(tmp_path, SMALL)
    raw, names = tmp_path / "raw", ("YL2-A", "VL1-A", "RL1-A", "RL2-A")
    sample = read_tube(next(raw.rglob("*_subset.fcs")))
    for k, name in enumerate(names):
        write_stain(raw / f"stain_{k}.fcs", sample, name)
    with (tmp_path / "samples.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [(f"stain_{k}.fcs", "compensation", "subset", n) for k, n in enumerate(names)]
        csv.writer(file).writerows([("file", "role", "panel", "channel"), *rows])
    settings = tmp_path / "study.toml"
    text = settings.read_text(encoding="utf-8")
    chosen = text.replace('"cd4_cd8"\n', '"cd4_cd8"\ncompensation = "controls"\n')
    settings.write_text(chosen, encoding="utf-8")
    run_study(tmp_path, workers=1, hold=())
    return tmp_path


def write_stain(path: Path, like: FlowTube, detector: str) -> None:
    """Half the cells carry one dye; CD4's spills 30 % into CD8's detector, no other spills."""
    rng, events = np.random.default_rng(len(path.name)), like.events
    values = np.array(events.values, dtype=np.float64)
    for name in ("BL1-A", "YL2-A", "RL1-A", "RL2-A", "VL1-A"):
        values[:, events.index(name)] = rng.normal(200, 60, len(values))
    dye = rng.lognormal(10, 0.3, len(values)) * (rng.random(len(values)) < 0.5)
    values[:, events.index(detector)] += dye
    if detector == "VL1-A":
        values[:, events.index("RL1-A")] += 0.3 * dye
    write_fcs(path, values, events.channels, keywords={"$CYT": like.cytometer})


def test_single_stains_compensate_a_dragged_gate_too(stained: Path) -> None:
    tube = next(t for t in load_results(stained).tubes if t.key.panel == "subset")
    assert "spillover_from_stains" in {f.code for f in tube.flags}
    assert tube.spillover is not None
    where = [tube.spillover.detectors.index(d) for d in ("VL1-A", "RL1-A")]
    assert tube.spillover.matrix[where[0], where[1]] == pytest.approx(0.3, abs=0.01)
    held = hold(stained, tube)
    assert held.populations.spillover is not None
    np.testing.assert_array_equal(held.populations.spillover.matrix, tube.spillover.matrix)
    points = moved(tube, "CD4+", 1.5)
    quick = quick_gate(held, tube, "CD4+", points)
    anew = preview_gate(stained, tube.source.sha256, "CD4+", points)
    count = {g.population: g.n_events for g in anew.gates}
    assert {g.population: g.n_events for g in quick.gates} == count
