from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labproc.model import CultureEvent, Measurement
from labproc.trends import derive_growth
from labproc.trends.saturation import saturation

Build = Callable[..., Measurement]


def values(found: list[Measurement], metric: str) -> list[float | None]:
    return [m.value for m in found if m.metric == metric]


def codes(found: list[Measurement]) -> set[str]:
    return {f.code for m in found for f in m.flags}


@pytest.fixture
def counts(measured: Build) -> Callable[..., list[Measurement]]:
    def build(cells: dict[int, float], **more: Any) -> list[Measurement]:
        return [measured("cells_total", "D1", "C", d, n, **more) for d, n in cells.items()]

    return build


def test_a_split_is_undone_from_the_next_count_on(
    counts: Callable[..., list[Measurement]], logged: Callable[..., CultureEvent]
) -> None:
    # 1e6 -> 4e6, a quarter kept (1e6) -> 3e6: by hand 3e6 / 0.25 = 12e6, fold 12, log2 3.58496
    log = [logged("D1", "C", 2, event="split", kept_fraction=0.25)]
    found = derive_growth(counts({0: 1e6, 2: 4e6, 4: 3e6}), log)
    assert values(found, "cumulative_cells") == [1e6, 4e6, 12e6]
    assert values(found, "cumulative_fold") == [1.0, 4.0, 12.0]
    assert values(found, "population_doublings") == pytest.approx([0, 2, 3.5849625])


def test_feeding_alone_changes_nothing(
    counts: Callable[..., list[Measurement]], logged: Callable[..., CultureEvent]
) -> None:
    log = [logged("D1", "C", 2, event="feed", volume_before_ml=1.0, volume_after_ml=2.0)]
    found = derive_growth(counts({0: 1e6, 2: 2e6, 4: 4e6}), log)
    assert values(found, "cumulative_cells") == [1e6, 2e6, 4e6]


def test_sampling_without_a_kept_fraction_comes_from_the_volumes(
    counts: Callable[..., list[Measurement]], logged: Callable[..., CultureEvent]
) -> None:
    log = [logged("D1", "C", 0, volume_before_ml=2.0, sampled_ml=0.5)]
    found = derive_growth(counts({0: 1e6, 2: 2e6}), log)
    assert values(found, "cumulative_cells") == pytest.approx([1e6, 2e6 / 0.75])


@pytest.mark.parametrize(
    "cells",
    [
        {0: 1e6, 2: 2e6, 4: 1.0e6, 6: 2e6, 8: 4e6},  # split 1:4 after day 2
        {0: 1e6, 2: 3e6, 4: 9e6, 6: 7e6, 8: 21e6, 10: 63e6},  # split 1:4, hidden by growth
        {0: 1e6, 2: 2e6, 4: 40e6, 6: 80e6},  # another culture poured in
    ],
)
def test_a_jump_without_an_event_stops_the_course(
    counts: Callable[..., list[Measurement]], cells: dict[int, float]
) -> None:
    found = derive_growth(counts(cells), [])
    assert "missing_split" in codes(found)
    fold = values(found, "cumulative_fold")
    assert fold[-1] is None
    assert fold[0] == 1.0


def test_a_culture_that_slows_down_and_stays_slow_is_not_a_jump(
    counts: Callable[..., list[Measurement]],
) -> None:
    cells = {0: 1e6, 2: 4e6, 4: 16e6, 6: 40e6, 8: 44e6, 10: 43e6, 12: 38e6}
    found = derive_growth(counts(cells), [])
    assert "missing_split" not in codes(found)


def test_counting_error_of_a_tenth_is_not_a_jump(
    counts: Callable[..., list[Measurement]],
) -> None:
    rng = np.random.default_rng(7)
    flagged = 0
    for _ in range(300):
        noise = np.exp(0.1 * rng.standard_normal(8))
        cells = {2 * i: 1e6 * np.exp(0.33 * 2 * i) * e for i, e in enumerate(noise)}
        flagged += "missing_split" in codes(derive_growth(counts(cells), []))
    assert flagged <= 5


def test_a_split_that_does_not_say_what_was_kept_stops_the_course(
    counts: Callable[..., list[Measurement]], logged: Callable[..., CultureEvent]
) -> None:
    found = derive_growth(counts({0: 1e6, 2: 4e6, 4: 3e6}), [logged("D1", "C", 2, event="split")])
    assert values(found, "cumulative_cells") == [1e6, 4e6, None]
    assert "kept_fraction_missing" in codes(found)


def test_no_cells_on_the_first_day_give_no_fold(
    counts: Callable[..., list[Measurement]],
) -> None:
    found = derive_growth(counts({0: 0.0, 2: 4e6}), [])
    assert values(found, "cumulative_fold") == [None, None]
    assert "no_cells_on_first_day" in codes(found)


def test_intervals_and_draws_go_along(
    counts: Callable[..., list[Measurement]], logged: Callable[..., CultureEvent]
) -> None:
    log = [logged("D1", "C", 0, event="split", kept_fraction=0.5)]
    found = derive_growth(
        [
            *counts({0: 1e6}, ci_low=0.9e6, ci_high=1.1e6, draws=[0.9e6, 1.1e6]),
            *counts({2: 2e6}, ci_low=1.8e6, ci_high=2.2e6, draws=[1.8e6, 2.2e6]),
        ],
        log,
    )
    last = [m for m in found if m.metric == "cumulative_cells"][-1]
    assert (last.ci_low, last.ci_high) == (3.6e6, 4.4e6)
    fold = [m for m in found if m.metric == "cumulative_fold"][-1]
    assert fold.draws is not None
    assert fold.draws == pytest.approx([4.0, 4.0])


@pytest.mark.shared
def test_folds_of_a_passaged_study_agree_with_r(
    invitro: tuple[list[Measurement], list[CultureEvent]],
    rows: Callable[[str], list[dict[str, str]]],
) -> None:
    # fold and cumulative doublings as ref.R (R 4.2.2) wrote them
    found = derive_growth(*invitro)
    by_key = {(m.key.donor, m.key.arm, m.key.day, m.metric): m.value for m in found}
    for row in rows("invitro_growth_derived.csv"):
        who = (row["donor"], row["condition"], int(row["day"]))
        assert by_key[*who, "cumulative_fold"] == pytest.approx(float(row["fold"]), rel=1e-9)
        doublings = by_key[*who, "population_doublings"]
        assert doublings == pytest.approx(float(row["cpd"]), rel=1e-9, abs=1e-12)


def test_without_a_volume_growth_is_of_the_concentration_and_says_so(measured: Build) -> None:
    found = derive_growth(
        [measured("cart_per_ul", "D1", "C", d, 10.0 * 2.0**d) for d in (0, 1, 2)], []
    )
    cumulative = [m for m in found if m.metric == "cumulative_cart"]
    assert [(m.value, m.unit) for m in cumulative] == [
        (10.0, "cells/µL"),
        (20.0, "cells/µL"),
        (40.0, "cells/µL"),
    ]
    assert "growth_from_concentration" in codes(cumulative)


def test_the_plateau_of_a_concentration_is_a_concentration(measured: Build) -> None:
    days = range(0, 15, 2)
    grown = {d: 1e3 / (1 + 99 * 2.718281828 ** (-0.6 * d)) for d in days}
    counts = [measured("cart_per_ul", "D1", "C", d, value) for d, value in grown.items()]
    plateaus = [t for t in saturation(derive_growth(counts, [])) if t.kind == "logistic_plateau"]
    assert [t.unit for t in plateaus] == ["cells/µL"]
    assert plateaus[0].estimate == pytest.approx(1e3, rel=1e-3)


def test_a_handled_culture_without_a_volume_has_no_growth(
    measured: Build, logged: Callable[..., CultureEvent]
) -> None:
    counts = [measured("cart_per_ul", "D1", "C", d, 10.0 * 2.0**d) for d in (0, 1, 2)]
    assert derive_growth(counts, [logged("D1", "C", 1, event="feed")]) == []


def test_a_step_that_scatter_can_explain_is_flagged_and_kept(
    counts: Callable[..., list[Measurement]],
) -> None:
    # every other count is 30 % off; the step to day 8 is one of several that look odd
    cells = {2 * i: 1e6 * 2.0**i * f for i, f in enumerate((1, 1.3, 0.7, 1.3, 0.6, 1.3, 0.8, 1))}
    found = derive_growth(counts(cells), [])
    assert "odd_step" in codes(found)
    assert "missing_split" not in codes(found)
    assert None not in values(found, "cumulative_cells")


def test_folds_of_a_study_are_of_one_kind_of_cells(measured: Build) -> None:
    both = [
        measured(metric, "D1", "C", day, cells)
        for metric, n in (("cells_total", 1e6), ("cart_total", 2e5))
        for day, cells in ((0, n), (2, 3 * n))
    ]
    cells_only = [measured("cells_total", "D2", "C", d, 1e6 * 2**d) for d in (0, 2)]
    found = [m for m in derive_growth([*both, *cells_only], []) if m.metric == "cumulative_fold"]
    assert {(m.key.donor, m.parent) for m in found} == {("D1", "cumulative_cart")}


def test_a_fold_with_another_beginning_is_flagged(measured: Build) -> None:
    counts = [
        measured("cart_total", donor, "C", day, 1e5 * 2**day)
        for donor, days in (("D1", (0, 2, 4)), ("D2", (0, 2, 4)), ("D3", (2, 4)))
        for day in days
    ]
    found = derive_growth(counts, [])
    late = {m.key.donor for m in found if "other_first_day" in {f.code for f in m.flags}}
    assert late == {"D3"}


def test_every_kind_of_cells_has_its_fold_and_doublings(measured: Callable[..., Any]) -> None:
    # cells 1e6 -> 8e6, CAR-T 2e5 -> 8e5, CD4+ CAR-T 1e5 -> 2e5, CD8+ CAR-T 1e5 -> 6e5
    counted = {
        "cells_total": (1e6, 8e6),
        "cart_total": (2e5, 8e5),
        "cart_cd4_total": (1e5, 2e5),
        "cart_cd8_total": (1e5, 6e5),
    }
    found = derive_growth(
        [measured(m, "D1", "C", day, v[day // 4]) for m, v in counted.items() for day in (0, 4)], []
    )
    last = {m.metric: m.value for m in found if m.key.day == 4}
    assert (last["cumulative_fold"], last["population_doublings"]) == (4.0, 2.0)  # CAR-T cells
    assert (last["cells_fold"], last["cells_doublings"]) == (8.0, 3.0)
    assert (last["cart_cd4_fold"], last["cart_cd8_fold"]) == (2.0, pytest.approx(6.0))
    assert last["cart_cd8_doublings"] == pytest.approx(2.584963)  # log2 6


def test_all_cells_alone_have_one_fold(measured: Callable[..., Any]) -> None:
    found = derive_growth([measured("cells_total", "D1", "C", d, 1e6 * 2**d) for d in (0, 2)], [])
    assert "cells_fold" not in {m.metric for m in found}
