"""Strategies are read, and every wrong word in one is named with its step."""

from importlib.resources import files

import numpy as np
import pytest

from gating.engine import gate_tube
from gating.methods import METHODS
from gating.strategy import load_strategy, parse_strategy, shipped
from labproc.errors import StrategyError

from ._tubes import NAMES, agreement, culture, tube

CELLS = '[[step]]\npopulation = "Cells"\nmethod = "cells"\nchannels = ["forward", "side"]\n'
VALLEY = '[[step]]\npopulation = "A"\nmethod = "valley"\nchannels = ["CD4"]\n'
BOTH = '[[step]]\npopulation = "B"\nmethod = "boolean"\nwithin = ["Z"]\n'


def test_the_shipped_strategies_are_read_and_hashed():
    assert shipped() == ["car_t", "cd4_cd8", "live", "live_beads"]
    for name in shipped():
        strategy = load_strategy(name)
        assert len(strategy.text_sha256) == 64
        assert {"Cells", "Singlets", "Live"} <= set(strategy.populations)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = 'x'", "no steps, expected at least one"),
        ("[[step]]\nmethod = 'cells'", "step 1: no population"),
        (CELLS.replace("= \"cells", "= \"cels"), "called 'cels'; did you mean 'cells'"),
        (CELLS + "kep = 0.9", "method 'cells' has no option 'kep'; did you mean 'keep'"),
        (CELLS + "parent = 'Cels'", "parent 'Cels' is not made before it"),
        (CELLS + CELLS, "population 'Cells' is made twice"),
        (CELLS + "scales = ['linear']", "1 scales, expected one for each channel"),
        (CELLS + "scales = ['linear', 'lin']", "found 'lin', expected"),
        ("step = [", "not TOML"),
        ("[steps]\na = 1", "found key 'steps', expected 'title', 'compensation'"),
        (CELLS.replace(', "side"', ""), "1 channels, method 'cells' needs 2"),
        (CELLS.replace('"Cells"', '["A", "B"]').replace("population", "populations"),
         "2 populations, method 'cells' makes 1"),
        (CELLS + "control = ['untransducd']", "'untransducd' is no role; did you mean 'untransd"),
        (CELLS + "keep = 99", "keep is 99, expected 0.5 to 1"),
        (CELLS + "keep = 'most'", "keep is 'most', expected 0.5 to 1"),
        (VALLEY + "side = 'left'", "side is 'left', expected above or below"),
        (VALLEY + BOTH, "within 'Z' is not made before it; known: All events, A"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_named_with_its_step(text, message):
    with pytest.raises(StrategyError, match=message):
        parse_strategy(text, name="mine")


def test_a_name_that_is_not_shipped_is_answered_with_the_nearest():
    with pytest.raises(StrategyError, match="did you mean 'car_t'"):
        load_strategy("cart")


def test_a_file_of_the_users_is_read_by_its_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(CELLS, "utf-8")
    assert load_strategy(path).name == "mine"


def test_drawn_gates_hold_what_was_drawn():
    text = """
[[step]]
population = "box"
method = "rectangle"
channels = ["BL1-A", "VL1-A"]
low = [0, 0]
high = [1000, 2000]
[[step]]
populations = ["a", "b", "c", "d"]
parent = "box"
method = "cross"
channels = ["BL1-A", "VL1-A"]
at = [400, 900]
[[step]]
population = "tilted"
method = "polygon"
channels = ["FSC-A", "SSC-A"]
points = [[0, 0], [400000, 0], [0, 400000]]
"""
    sample, _ = culture(2_000)
    made = gate_tube(sample, parse_strategy(text, name="drawn"), draws=10)
    x, y = (sample.events.column(c) for c in ("BL1-A", "VL1-A"))
    box = (x >= 0) & (x <= 1000) & (y >= 0) & (y <= 2000)
    assert np.array_equal(made.get("box").mask, box)
    assert np.array_equal(made.get("a").mask, box & (x > 400) & (y <= 900))
    sides = sample.events.column("FSC-A").astype(float) + sample.events.column("SSC-A")
    assert np.array_equal(made.get("tilted").mask, sides <= 400_000)


def test_every_method_and_option_stands_in_the_readme():
    text = (files("gating") / "strategies" / "README.md").read_text("utf-8")
    for name, method in METHODS.items():
        assert f"`{name}`" in text, name
        for option in method.options:
            assert f"`{option}`" in text, f"{name}: {option}"


def test_the_readmes_step_leaves_other_cells_out():
    """A third of the cells that carry CD3 carry CD19 too, as two cells that stick together do."""
    text = (files("gating") / "strategies" / "README.md").read_text("utf-8")
    example = text.split("## Leaving other cells out")[1].split("```toml")[1].split("```")[0]
    whole = load_strategy("cd4_cd8").text
    start = whole.index('[[step]]\npopulation = "T cells"')
    plan = parse_strategy(whole[:start] + example, name="mine")
    sample, truth = culture(8_000, seed=6)
    values = np.array(sample.events.values)
    rng = np.random.default_rng(7)
    stuck = rng.random(len(values)) < 1 / 3
    values[:, NAMES.index("BL1-A")] = 10 ** rng.normal(np.where(stuck, 4.4, 2.6), 0.2)
    made = gate_tube(tube(values), plan, markers={"CD19": "BL1-A"}, draws=0)
    assert agreement(made.get("T cells").mask, truth["T cells"] & ~stuck) > 0.97
    without = gate_tube(tube(values), plan, draws=0)  # a panel without CD19
    assert without.left_out == {"Not B cells": "no CD19 in the panel"}
    assert agreement(without.get("T cells").mask, truth["T cells"]) > 0.97
