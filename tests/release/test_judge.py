"""Which number of which sample a specification speaks of."""

import numpy as np
import pytest

from labproc.model import (
    GatedTube,
    Measurement,
    OutsideValue,
    SampleKey,
    Share,
    SourceFile,
    Specification,
    Verdict,
)
from labproc.model.flag import fail, review, warning
from labproc.release import Found, judge, overall
from labproc.release.fractions import chain, fraction

KEY = SampleKey("D1", "E1", "C", 14, "1", "car")
SOURCE = SourceFile("raw/D1_C_d14_car.fcs", "ab" * 32, "fcs")
# 10,000 singlets, 9,000 live, 8,100 T cells, 2,430 CAR+: 30 % of T cells, 27 % of live cells
SHARES = {
    "Singlets": Share("Cells", 10_000, 0.95, 0.94, 0.96),
    "Live": Share("Singlets", 9_000, 0.9, 0.894, 0.906),
    "T cells": Share("Live", 8_100, 0.9, 0.894, 0.906),
    "CAR+": Share("T cells", 2_430, 0.3, 0.29, 0.31),
}
TUBE = GatedTube(KEY, SOURCE, SHARES)


def spec(metric: str, **more) -> Specification:
    limits = {"low": 20.0} if not {"low", "high", "expected"} & set(more) else {}
    return Specification(metric, **{"day": 14, "unit": "%", **limits, **more})


def only(one: Specification, found: Found):
    rows = judge([one], found)
    assert len(rows) == 1
    return rows[0]


def test_a_fraction_is_of_the_parent_that_was_asked_for() -> None:
    of_t = only(spec("CAR+"), Found(tubes=[TUBE]))
    of_live = only(spec("CAR+", parent="Live"), Found(tubes=[TUBE]))
    assert (of_t.value, of_t.parent) == (pytest.approx(30.0), "T cells")
    assert (of_live.value, of_live.parent) == (pytest.approx(27.0), "Live")  # 0.9 x 0.3
    assert of_live.n == 2_430


def test_the_interval_of_a_product_is_that_of_simulated_counts() -> None:
    """Two binomial steps drawn 200,000 times (numpy, seed 3) give the 95 % range to compare."""
    rng = np.random.default_rng(3)
    t = rng.binomial(9_000, 0.9, 200_000)
    car = rng.binomial(t, 0.3)
    low, high = np.quantile(car / 9_000, [0.025, 0.975])

    def wald(p: float, n: int) -> tuple[float, float]:
        half = 1.96 * (p * (1 - p) / n) ** 0.5
        return p - half, p + half

    steps = [
        Share("T cells", 2_430, 0.3, *wald(0.3, 8_100)),
        Share("Live", 8_100, 0.9, *wald(0.9, 9_000)),
    ]
    value, ours_low, ours_high = fraction(steps)
    assert value == pytest.approx(0.27)
    assert (ours_low, ours_high) == (
        pytest.approx(low, abs=0.0004),
        pytest.approx(high, abs=0.0004),
    )


def test_a_population_outside_the_parent_has_no_fraction() -> None:
    assert chain(TUBE, "Live", "T cells") == []
    assert chain(TUBE, "CD19+", "") == []


def test_no_event_of_a_step_leaves_the_upper_end() -> None:
    none = [Share("T cells", 0, 0.0, 0.0, 0.01), Share("Live", 100, 0.5, 0.4, 0.6)]
    assert fraction(none) == (0.0, 0.0, pytest.approx(0.006))


def test_a_day_without_a_measure_is_said_not_skipped() -> None:
    row = only(spec("CAR+", day=10), Found(tubes=[TUBE]))
    assert row.verdict is Verdict.CANNOT_SAY
    assert row.reason == "not measured on day 10 (the culture was measured on 14)"


def test_last_is_the_last_day_of_the_culture_whatever_was_measured_then() -> None:
    later = Measurement(SampleKey("D1", "E1", "C", 16, "1"), "vcn", 1.0, 0.9, 1.1)
    row = only(spec("CAR+", day="last"), Found(tubes=[TUBE], measurements=[later]))
    assert (row.key.day, row.verdict) == (16, Verdict.CANNOT_SAY)


def test_a_metric_is_read_in_the_unit_of_the_specification() -> None:
    m = Measurement(SampleKey("D1", "E1", "C", 14, "1"), "cart_total", 3.2e8, 3.0e8, 3.4e8)
    found = Found(measurements=[m], weights_kg={"D1": 80.0})
    dose = only(spec("cart_total", low=2.0, unit="1e6 cells/kg"), found)
    assert (dose.value, dose.verdict) == (pytest.approx(4.0), Verdict.PASS)  # 320e6 / 80 kg
    nobody = only(spec("cart_total", low=2.0, unit="1e6 cells/kg"), Found(measurements=[m]))
    assert "no weight_kg of D1" in nobody.reason


def test_the_ratio_of_cart_cells_is_not_taken_for_that_of_t_cells() -> None:
    t = Measurement(KEY, "cd4_cd8_ratio", 2.0, 1.8, 2.2, parent="T cells")
    cart = Measurement(KEY, "cart_cd4_cd8_ratio", 0.5, 0.4, 0.6, parent="CAR+")
    found = Found(measurements=[t, cart])
    asked = {"low": 1.0, "unit": "ratio"}
    assert only(spec("cd4_cd8_ratio", **asked), found).value == 2.0
    assert only(spec("cd4_cd8_ratio", parent="CAR+", **asked), found).value == 0.5
    other = only(spec("cd4_cd8_ratio", parent="Live", **asked), found)
    assert (other.verdict, other.reason) == (
        Verdict.CANNOT_SAY, "measured of T cells, asked of Live",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("approved", "rejected", "verdict"),
    [(False, False, "cannot say"), (True, False, "pass"), (True, True, "cannot say")],
)
def test_what_waits_for_a_look_is_not_released_before_it(approved, rejected, verdict) -> None:
    doubtful = GatedTube(KEY, SOURCE, SHARES, doubts={"CAR+": "no untransduced control"})
    row = only(
        spec("CAR+"),
        Found(
            tubes=[doubtful],
            approved=frozenset({SOURCE.sha256} if approved else ()),
            rejected=frozenset({SOURCE.sha256} if rejected else ()),
        ),
    )
    assert row.verdict.value == verdict


def test_a_doubt_about_a_gate_below_does_not_hold_back_the_one_above() -> None:
    doubtful = GatedTube(KEY, SOURCE, SHARES, doubts={"CAR+": "no untransduced control"})
    assert only(spec("Live"), Found(tubes=[doubtful])).verdict is Verdict.PASS


def test_flags_of_a_measurement_count_by_their_severity() -> None:
    for flag, expected in (
        (warning("few_events", "90 events"), Verdict.PASS),
        (review("no_control", "no control"), Verdict.CANNOT_SAY),
        (fail("no_volume", "no volume"), Verdict.CANNOT_SAY),
    ):
        m = Measurement(KEY, "vcn", 2.0, 1.9, 2.1, flags=(flag,), source=SOURCE)
        asked = spec("vcn", high=5.0, unit="copies/cell")
        assert only(asked, Found(measurements=[m])).verdict is expected
    failed = Found(measurements=[m], approved=frozenset({SOURCE.sha256}))
    assert only(asked, failed).verdict is Verdict.CANNOT_SAY  # no approval mends a failed number


def test_patients_blood_is_no_product_unless_it_is_named() -> None:
    m = Measurement(SampleKey("P1", day=14), "vcn", 2.0, 1.9, 2.1)
    found = Found(measurements=[m], patients=frozenset({"P1"}))
    asked = spec("vcn", high=5.0, unit="copies/cell")
    assert judge([asked], found) == []
    named = spec("vcn", high=5.0, unit="copies/cell", donor="P1")
    assert only(named, found).verdict is Verdict.PASS


def test_a_measure_from_elsewhere_is_judged_with_its_origin() -> None:
    told = OutsideValue(KEY, "endotoxin", "<0.5", 0.0, 0.5, "EU/mL", "lab report 12")
    row = only(spec("endotoxin", high=1.0, unit="EU/mL"), Found(outside=[told]))
    assert (row.verdict, row.origin) == (Verdict.PASS, "lab report 12")


def test_a_product_fails_by_one_line_and_passes_by_all() -> None:
    def said(*specs: Specification) -> list[str]:
        return [v.value for v in overall(judge(specs, Found(tubes=[TUBE]))).values()]

    good, bad, open_ = spec("CAR+"), spec("CAR+", low=50.0), spec("CAR+", low=30.0)
    assert said(good) == ["pass"]
    assert said(good, open_) == ["cannot say"]
    assert said(good, open_, bad) == ["fail"]
