"""Automatic gates against the hand gates beside the real files; nothing here is tuned to one."""

from statistics import median

import numpy as np
import pytest

from gating.engine import gate_tube
from gating.strategy import load_strategy
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


def mouse(shared, number, markers):
    folder = shared / "data/fcs/cytoexplorer"
    truth = np.load(folder / f"truth/Activation_{number}.npz")
    tube = read_tube(folder / f"Activation_{number}.fcs")
    return gate_tube(tube, load_strategy("cd4_cd8"), markers=markers, draws=20), truth


@pytest.mark.parametrize("number", [1, 23, 33])
def test_mouse_cells_and_singlets_agree_with_hand_gates(shared, number):
    made, truth = mouse(shared, number, MOUSE)
    assert agreement(made.get("Cells").mask, truth["Cells"]) >= 0.95
    assert agreement(made.get("Singlets").mask, truth["Single_Cells"]) >= 0.95


@pytest.mark.parametrize("number", [1, 23])
def test_mouse_hierarchy_agrees_with_hand_gates(shared, number):
    made, truth = mouse(shared, number, HIERARCHY)
    assert agreement(made.get("Live").mask, truth["Live_Cells"]) >= 0.9
    assert agreement(made.get("T cells").mask, truth["T_Cells"]) >= 0.9
    assert agreement(made.get("CD4+").mask, truth["CD4_T_Cells"]) >= 0.9
    assert agreement(made.get("CD8+").mask, truth["CD8_T_Cells"]) >= 0.9


def test_an_unstained_tube_is_not_gated_in_silence(shared):
    made, _ = mouse(shared, 33, HIERARCHY)
    assert any(f.severity.value == "review" for f in made.all_flags)


def test_the_attune_file_is_gated(shared):
    tube = read_tube(shared / "data/fcs/flowio/G11.fcs")
    made = gate_tube(tube, load_strategy("live"))
    assert made.get("Singlets").n_events > 0.8 * made.n_events
    assert made.left_out == {"Live": "no viability in the panel"}
