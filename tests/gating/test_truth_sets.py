"""Automatic gates against the hand gates beside the real files; nothing here is tuned to one."""

from dataclasses import replace
from statistics import median

import numpy as np
import pytest

from gating.columns import Columns
from gating.controls import Control
from gating.engine import gate_tube
from gating.strategy import load_strategy
from labproc.model import Role
from labproc.parsers.fcs import read_tube

from ._tubes import agreement

pytestmark = pytest.mark.shared
MOUSE = {"CD4": "Alexa Fluor 700-A", "CD8": "Alexa Fluor 488-A"}
HIERARCHY = {**MOUSE, "viability": "Alexa Fluor 405-A", "CD3": "PE-A"}  # Va2 marks the T cells


@pytest.fixture(scope="module")
def human(shared):
    folder = shared / "data/fcs/cytopy"
    rows = []
    for number in range(1, 7):
        truth = np.load(folder / f"truth/{number:03}.npz")
        tube = read_tube(folder / f"{number:03}.fcs")
        markers = {"CD4": "FL1.H", "CD8": "FL4.H"}
        made = gate_tube(tube, load_strategy("cd4_cd8"), markers=markers, draws=20)
        scored = ~truth["unassigned"]
        masks = [made.get(p).mask & scored for p in ("CD4+", "CD8+")]
        real = [truth["CD4pos"], truth["CD8pos"]]
        ratio = (masks[0].sum() / masks[1].sum()) / (real[0].sum() / real[1].sum())
        rows.append((agreement(masks[0], real[0]), agreement(masks[1], real[1]), abs(ratio - 1.0)))
    return np.array(rows)


def test_human_cd4_and_cd8_agree_with_the_expert(human):
    assert median(human[:, 0]) >= 0.985
    assert median(human[:, 1]) >= 0.97
    assert human[:, :2].min() >= 0.85


def test_human_ratio_is_within_three_percent(human):
    assert median(human[:, 2]) <= 0.03


def mouse(shared, number, markers, *, controls=()):
    folder = shared / "data/fcs/cytoexplorer"
    truth = np.load(folder / f"truth/Activation_{number}.npz")
    tube = read_tube(folder / f"Activation_{number}.fcs")
    strategy = load_strategy("cd4_cd8")
    return gate_tube(tube, strategy, markers=markers, controls=controls, draws=20), truth


@pytest.mark.parametrize("number", [1, 23, 33])
def test_mouse_cells_and_singlets_agree_with_hand_gates(shared, number):
    made, truth = mouse(shared, number, MOUSE)
    assert agreement(made.get("Cells").mask, truth["Cells"]) >= 0.97
    assert agreement(made.get("Singlets").mask, truth["Single_Cells"]) >= 0.97


@pytest.mark.parametrize("number", [1, 23])
def test_mouse_hierarchy_agrees_with_hand_gates(shared, number):
    """Short of the bar for CD4 (0.985): see ``best_drawn`` for what one gate a step can reach."""
    made, truth = mouse(shared, number, HIERARCHY)
    assert agreement(made.get("Live").mask, truth["Live_Cells"]) >= 0.93
    assert agreement(made.get("T cells").mask, truth["T_Cells"]) >= 0.96
    assert agreement(made.get("CD4+").mask, truth["CD4_T_Cells"]) >= 0.95
    assert agreement(made.get("CD8+").mask, truth["CD8_T_Cells"]) >= 0.97


@pytest.fixture(scope="module")
def leaning(shared):
    """Return F1 of CD4 and CD8 of the mouse samples, their live gate leaning on the unstained."""
    unstained = read_tube(shared / "data/fcs/cytoexplorer/Activation_33.fcs")
    rows = []
    for number in (1, 23):
        control = Control(Role.UNSTAINED, unstained)
        made, truth = mouse(shared, number, HIERARCHY, controls=[control])
        assert agreement(made.get("Live").mask, truth["Live_Cells"]) >= 0.975
        pairs = (("CD4+", "CD4_T_Cells"), ("CD8+", "CD8_T_Cells"))
        rows.append([agreement(made.get(p).mask, truth[t]) for p, t in pairs])
    return np.array(rows)


def test_an_unstained_tube_brings_the_live_gate_nearer_to_the_hand_gate(leaning):
    assert leaning[:, 0].min() >= 0.965
    assert leaning[:, 1].min() >= 0.98


def test_over_both_sets_the_medians_are_those_of_an_expert(human, leaning):
    """Of the mouse samples alone CD4 is short of it: see ``best_drawn``."""
    cd4, cd8 = (median([*human[:, k], *leaning[:, k]]) for k in (0, 1))
    assert cd4 >= 0.985
    assert cd8 >= 0.97


@pytest.mark.parametrize(("number", "most"), [(1, 0.9925), (23, 0.985)])
def test_the_best_drawn_cd4_gate_is_itself_short_of_one(shared, number, most):
    """The author's T cells exclude CD11c, which the strategy has no step for."""
    truth = np.load(shared / f"data/fcs/cytoexplorer/truth/Activation_{number}.npz")
    tube = read_tube(shared / f"data/fcs/cytoexplorer/Activation_{number}.fcs")
    best = best_drawn(tube, truth)
    assert 0.98 <= best <= most


def best_drawn(tube, truth):
    """The best F1 for CD4 of a threshold on Va2 and a cross, within the author's live cells."""
    columns = Columns(tube)
    live = truth["Live_Cells"]
    va2, cd4, cd8 = (
        columns.scale(c).forward(columns.values(c))[live]
        for c in ("PE-A", MOUSE["CD4"], MOUSE["CD8"])
    )
    wanted = truth["CD4_T_Cells"][live]
    grid = [(a, b, c) for a in np.linspace(0.5, 0.65, 7) for b in np.linspace(0.35, 0.45, 5)
            for c in np.linspace(0.4, 0.55, 7)]  # fmt: skip
    return max(agreement((va2 > a) & (cd4 > b) & (cd8 < c), wanted) for a, b, c in grid)


def some(tube, truth, n, seed):
    """Return a tube of fewer events, with their truth."""
    rows = np.sort(np.random.default_rng(seed).choice(tube.events.n_events, n, replace=False))
    fewer = replace(tube, events=replace(tube.events, values=tube.events.values[rows]))
    return fewer, {k: truth[k][rows] for k in truth}


@pytest.mark.parametrize("number", range(1, 7))
def test_a_third_of_a_human_samples_events_is_gated_as_well_or_flagged(shared, number):
    folder = shared / "data/fcs/cytopy"
    whole = read_tube(folder / f"{number:03}.fcs")
    tube, truth = some(whole, np.load(folder / f"truth/{number:03}.npz"), 4_000, number)
    markers = {"CD4": "FL1.H", "CD8": "FL4.H"}
    made = gate_tube(tube, load_strategy("cd4_cd8"), markers=markers, draws=0)
    scored = ~truth["unassigned"]
    found = [
        agreement(made.get(p).mask & scored, truth[t])
        for p, t in (("CD4+", "CD4pos"), ("CD8+", "CD8pos"))
    ]
    assert min(found) >= 0.85 or any(f.severity.value == "review" for f in made.all_flags)
    assert min(found) >= 0.8


@pytest.mark.parametrize("number", [1, 23])
def test_a_tenth_of_a_mouse_samples_events_is_gated_nearly_as_well(shared, number):
    folder = shared / "data/fcs/cytoexplorer"
    whole = read_tube(folder / f"Activation_{number}.fcs")
    tube, truth = some(whole, np.load(folder / f"truth/Activation_{number}.npz"), 5_000, number)
    made = gate_tube(tube, load_strategy("cd4_cd8"), markers=HIERARCHY, draws=0)
    for population, hand in (("CD4+", "CD4_T_Cells"), ("CD8+", "CD8_T_Cells")):
        assert agreement(made.get(population).mask, truth[hand]) >= 0.9


@pytest.mark.parametrize("population", ["T cells", "CD4+", "CD8+"])
def test_an_unstained_tube_has_no_population_in_silence(shared, population):
    made, _ = mouse(shared, 33, HIERARCHY)
    gate = made.get(population)
    assert "review" in {f.severity.value for f in gate.flags}
    assert gate.n_events < 0.005 * gate.n_parent or gate.n_parent < 100


@pytest.mark.parametrize("dye", ["Qdot 605-A", "Alexa Fluor 488-A", "PE-A", "Alexa Fluor 700-A"])
def test_autofluorescence_is_no_population_in_silence(shared, dye):
    """In two of these dyes 5 % of unstained cells make a peak of their own."""
    made, _ = mouse(shared, 33, {**HIERARCHY, "CD3": dye})
    assert "review" in {f.severity.value for f in made.get("T cells").flags}


def test_the_attune_file_is_gated(shared):
    tube = read_tube(shared / "data/fcs/flowio/G11.fcs")
    made = gate_tube(tube, load_strategy("live"))
    assert made.get("Singlets").n_events > 0.8 * made.n_events
    assert made.left_out == {"Live": "no viability in the panel"}
