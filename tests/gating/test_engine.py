"""The engine on tubes with known truth."""

from dataclasses import replace

import numpy as np
import pytest

from gating.controls import Control
from gating.engine import gate_tube
from gating.methods._request import NO_DRAWS
from gating.strategy import load_strategy
from labproc.errors import StrategyError
from labproc.model import Role

from ._tubes import LABELS, NAMES, agreement, culture, spill, tube


@pytest.fixture(scope="module")
def gated():
    sample, truth = culture(seed=1)
    control, _ = culture(car=0.0, seed=2)
    controls = [Control(Role.UNTRANSDUCED, control)]
    return gate_tube(sample, load_strategy("car_t"), controls=controls), truth


@pytest.mark.parametrize("population", ["Cells", "Singlets", "Live", "T cells", "CD4+", "CD8+"])
def test_populations_agree_with_the_truth(gated, population):
    populations, truth = gated
    assert agreement(populations.get(population).mask, truth[population]) > 0.96


def test_the_car_estimate_is_near_the_truth_and_its_interval_holds_it(gated):
    populations, truth = gated
    car = populations.get("CAR+")
    real = truth["CAR+"].sum() / truth["T cells"].sum()
    assert car.estimate == pytest.approx(real, abs=0.015)
    assert car.ci_low < real < car.ci_high


def test_car_positive_cd4_cells_lie_within_both(gated):
    populations, _ = gated
    both = populations.get("CAR+").mask & populations.get("CD4+").mask
    assert np.array_equal(populations.get("CAR+CD4+").mask, both)


def test_a_step_without_its_marker_is_left_out_and_said():
    sample, _ = culture(2_000)
    keep = [k for k, n in enumerate(NAMES) if n not in ("RL2-A", "YL2-A")]
    smaller = tube(
        sample.events.values[:, keep], [NAMES[k] for k in keep], [LABELS[k] for k in keep]
    )
    populations = gate_tube(smaller, load_strategy("cd4_cd8"))
    assert populations.get("Live") is None
    assert populations.get("CD4+").parent == "Singlets"
    assert set(populations.left_out) == {"Live", "T cells"}
    assert {"step_left_out"} <= {f.code for f in populations.flags}


def test_a_missing_marker_names_the_channels_that_are_there():
    plain = tube(np.ones((10, 4)), ["Time", "FSC-A", "FSC-H", "SSC-A"], [""] * 4)
    with pytest.raises(StrategyError, match=r"step 'CD4\+': no channel 'CD4' \(has: Time"):
        gate_tube(plain, load_strategy("cd4_cd8"))


def test_a_marker_on_a_channel_that_is_not_there_is_refused():
    sample, _ = culture(500)
    with pytest.raises(StrategyError, match="marker CD4: no channel 'VL9-A'"):
        gate_tube(sample, load_strategy("cd4_cd8"), markers={"CD4": "VL9-A"})


@pytest.mark.parametrize("n", [0, 1, 3])
@pytest.mark.parametrize("strategy", ["car_t", "cd4_cd8", "live"])
def test_hardly_any_events_are_gated_and_flagged(n, strategy):
    sample, _ = culture(max(n, 1), seed=3)
    few = tube(sample.events.values[:n])
    control, _ = culture(500, car=0.0)
    populations = gate_tube(
        few, load_strategy(strategy), controls=[Control(Role.UNTRANSDUCED, control)]
    )
    assert populations.n_events == n
    assert "too_few_events" in {f.code for f in populations.all_flags}


def test_gating_follows_a_reordering_of_the_events():
    sample, _ = culture(4_000, seed=4)
    order = np.random.default_rng(0).permutation(4_000)
    moved = tube(sample.events.values[order])
    plain, other = (gate_tube(t, load_strategy("cd4_cd8")) for t in (sample, moved))
    for a, b in zip(plain, other, strict=True):
        assert np.array_equal(a.mask[order], b.mask)
        assert (a.estimate, a.ci_low, a.ci_high) == (b.estimate, b.ci_low, b.ci_high)


def test_a_reviewers_threshold_takes_the_place_of_the_methods():
    sample, _ = culture(4_000, seed=5)
    strategy = load_strategy("cd4_cd8")
    plain = gate_tube(sample, strategy)
    moved = gate_tube(sample, strategy, moved={"Live": [[200.0]]})
    dye = sample.events.column("RL2-A")
    parent = moved.get("Singlets").mask
    assert np.array_equal(moved.get("Live").mask, parent & ~(dye > 200.0))
    assert moved.get("CD4+").n_events < plain.get("CD4+").n_events
    assert "gate_moved" in {f.code for f in moved.get("Live").flags}


def test_every_gate_is_its_boundary():
    """A gate sent back as a reviewer's gate selects the same events."""
    sample, _ = culture(4_000, seed=6)
    strategy = load_strategy("cd4_cd8")
    plain = gate_tube(sample, strategy)
    points = {g.population: g.boundary.points for g in plain if g.boundary.kind != "none"}
    again = gate_tube(sample, strategy, moved=points)
    for a, b in zip(plain, again, strict=True):
        assert np.array_equal(a.mask, b.mask), a.population


def test_without_a_control_car_is_gated_for_review():
    sample, _ = culture(4_000, seed=7)
    car = gate_tube(sample, load_strategy("car_t")).get("CAR+")
    assert "no_control" in {f.code for f in car.flags}
    assert any(f.severity.value == "review" for f in car.flags)


def test_an_unstained_tube_never_sets_the_car_gate():
    sample, _ = culture(4_000, seed=8)
    control, _ = culture(4_000, car=0.0, car_shift=-3.0, dead=0.0, seed=9)
    strategy = load_strategy("car_t")
    plain = gate_tube(sample, strategy).get("CAR+")
    with_it = gate_tube(sample, strategy, controls=[Control(Role.UNSTAINED, control)]).get("CAR+")
    assert np.array_equal(plain.mask, with_it.mask)
    assert "no_control" in {f.code for f in with_it.flags}


@pytest.mark.parametrize(
    ("role", "matched", "code"),
    [
        (Role.UNTRANSDUCED, "same_day", "control_other_arm"),
        (Role.UNTRANSDUCED, "other", "control_other_day"),
        (Role.FMO, "same_arm", "control_not_untransduced"),
    ],
)
def test_a_control_that_is_not_the_right_one_asks_for_review(role, matched, code):
    sample, _ = culture(4_000, seed=10)
    control, _ = culture(4_000, car=0.0, seed=11)
    car = gate_tube(sample, load_strategy("car_t"), controls=[Control(role, control, matched)])
    flags = {f.code: f.severity.value for f in car.get("CAR+").flags}
    assert flags[code] == "review"


def test_another_voltage_or_day_of_the_control_asks_for_review():
    sample, _ = culture(4_000, seed=10)
    control, _ = culture(4_000, car=0.0, seed=11)
    other = tube(control.events.values, voltage=410.0, keywords={"$DATE": "02-MAR-2020"})
    dated = tube(sample.events.values, keywords={"$DATE": "01-MAR-2020"})
    populations = gate_tube(
        dated, load_strategy("car_t"), controls=[Control(Role.UNTRANSDUCED, other)]
    )
    said = [f.message for f in populations.get("CAR+").flags if f.code == "control_differs"]
    assert len(said) == 2
    assert any("410 V" in s for s in said)


def test_both_arms_get_one_threshold_from_the_same_controls():
    controls = [
        Control(Role.UNTRANSDUCED, culture(4_000, car=0.0, seed=12)[0], "same_arm"),
        Control(Role.UNTRANSDUCED, culture(4_000, car=0.0, seed=13)[0], "same_day"),
    ]
    swapped = [
        Control(c.role, c.tube, {"same_arm": "same_day", "same_day": "same_arm"}[c.matched])
        for c in controls
    ]
    strategy = load_strategy("car_t")
    one = gate_tube(culture(4_000, car=0.1, seed=14)[0], strategy, controls=controls)
    two = gate_tube(culture(4_000, car=0.5, seed=15)[0], strategy, controls=swapped)
    thresholds = [p.get("CAR+").parameters["threshold"] for p in (one, two)]
    assert thresholds[0] == pytest.approx(thresholds[1], rel=1e-12)


def test_protein_l_caught_by_one_subset_of_untransduced_cells_is_flagged():
    sample, _ = culture(4_000, seed=16)
    control, truth = culture(4_000, car=0.0, seed=17)
    caught = np.array(control.events.values)
    caught[truth["CD4+"], NAMES.index("BL1-A")] *= 2.0
    strategy = load_strategy("car_t")
    flags = [
        {
            f.code
            for f in gate_tube(sample, strategy, controls=[Control(Role.UNTRANSDUCED, c)], draws=20)
            .get("CAR+")
            .flags
        }
        for c in (control, tube(caught))
    ]
    assert "protein_l_capture" not in flags[0]
    assert "protein_l_capture" in flags[1]


def pure(column, level):
    """A culture in which every cell carries (or lacks) one marker."""
    sample, truth = culture(6_000, seed=18)
    values = np.array(sample.events.values)
    rng = np.random.default_rng(0)
    values[:, NAMES.index(column)] = 10 ** rng.normal(level, 0.2, 6_000)
    return gate_tube(tube(values), load_strategy("cd4_cd8"), draws=20), truth


def test_a_culture_of_t_cells_only_is_not_cut_away():
    made, truth = pure("YL2-A", 4.3)
    assert agreement(made.get("T cells").mask, truth["Live"]) > 0.98


def test_a_culture_without_dead_cells_is_not_cut_away():
    made, truth = pure("RL2-A", 2.8)
    assert agreement(made.get("Live").mask, truth["Singlets"]) > 0.98
    assert not any(f.severity.value == "review" for f in made.get("Live").flags)


def test_a_culture_of_cd4_cells_only_is_cd4_positive():
    sample, truth = culture(6_000, cd4=1.0, seed=19)
    made = gate_tube(sample, load_strategy("cd4_cd8"), draws=20)
    assert agreement(made.get("CD4+").mask, truth["CD4+"]) > 0.97


def test_a_file_exported_with_its_channels_transformed_is_gated_as_it_is():
    plain, truth = culture(5_000, seed=4)
    values = plain.events.values.copy()
    values[:, 4:] = np.arcsinh(values[:, 4:] / 150.0)
    shown = replace(plain, events=replace(plain.events, values=values, spillover=spill(0.3, 0.2)))
    made = gate_tube(shown, load_strategy("cd4_cd8"), draws=0)
    assert "already_transformed" in {f.code for f in made.flags}
    for population in ("Live", "T cells", "CD4+", "CD8+"):
        assert agreement(made.get(population).mask, truth[population]) > 0.95


def test_dim_channels_of_a_wide_range_are_no_display_scale():
    made = gate_tube(culture(2_000, seed=4)[0], load_strategy("cd4_cd8"), draws=0)
    assert "already_transformed" not in {f.code for f in made.flags}


@pytest.mark.parametrize("name", ["car_t", "cd4_cd8", "live"])
def test_without_draws_no_random_number_is_used(name):
    sample, _ = culture(4_000, seed=1)
    before = NO_DRAWS.bit_generator.state
    made = gate_tube(sample, load_strategy(name), draws=0)
    assert NO_DRAWS.bit_generator.state == before
    drawn = gate_tube(sample, load_strategy(name), draws=20)
    assert [g.n_events for g in made] == [g.n_events for g in drawn]
