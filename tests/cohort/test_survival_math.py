from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labproc.cohort.cox import cox, firth, from_arms, from_start
from labproc.cohort.kaplan_meier import (
    kaplan_meier,
    median,
    median_follow_up,
    numbers_at_risk,
    restricted_mean,
    survival_at,
)
from labproc.cohort.rank_tests import exact_rank_test, rank_test
from labproc.errors import NotEnoughData

Rows = Callable[[str], list[dict[str, str]]]
Survival = tuple[Any, Any, list[str]]


def survival(rows: list[dict[str, str]], time: str, event: str, arm: str) -> Survival:
    return (
        np.array([float(r[time]) for r in rows]),
        np.array([float(r[event]) for r in rows]),
        [r[arm] for r in rows],
    )


@pytest.fixture(scope="module")
def os_(rows: Rows) -> Survival:
    return survival(rows("seed_synthetic_cohort.csv"), "os_months", "os_event", "arm")


@pytest.fixture(scope="module")
def pfs(rows: Rows) -> Survival:
    return survival(rows("seed_synthetic_cohort.csv"), "pfs_months", "pfs_event", "arm")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("test", "quantity"),
    [
        ("gehan_breslow_wilcoxon", "Gehan-Breslow-Wilcoxon chi2"),
        ("log_rank", "log-rank"),
        ("tarone_ware", "Tarone-Ware"),
        ("peto_peto", "NOT GBW: survdiff"),
    ],
)
def test_freireich(rows: Rows, expected: Callable[..., Any], test: str, quantity: str) -> None:
    data = survival(rows("freireich_6mp.csv"), "time", "event", "group")
    truth = expected("freireich_6mp.csv", quantity)
    assert rank_test(*data, test=test).statistic == pytest.approx(truth, rel=1e-4)


@pytest.mark.shared
def test_freireich_gehan_p_and_what_it_is_not(rows: Rows, expected: Callable[..., Any]) -> None:
    data = survival(rows("freireich_6mp.csv"), "time", "event", "group")
    found = rank_test(*data, test="gehan_breslow_wilcoxon")
    assert found.p_value == pytest.approx(expected("freireich_6mp.csv", "GBW P"), rel=1e-4)
    for other in ("NOT GBW: survdiff", "NOT GBW: coin"):
        assert found.statistic != pytest.approx(expected("freireich_6mp.csv", other), rel=1e-2)


@pytest.mark.shared
def test_collett(rows: Rows, expected: Callable[..., Any]) -> None:
    data = survival(rows("collett_hpa.csv"), "time", "event", "group")
    gehan = rank_test(*data, test="gehan_breslow_wilcoxon")
    assert gehan.statistic == pytest.approx(expected("collett_hpa.csv", "GBW chi2"), rel=1e-4)
    assert gehan.p_value == pytest.approx(expected("collett_hpa.csv", "GBW P"), rel=1e-4)
    plain = rank_test(*data).statistic
    assert plain == pytest.approx(expected("collett_hpa.csv", "log-rank chi2"), rel=1e-4)


@pytest.mark.shared
def test_rank_tests_of_the_synthetic_cohort(
    os_: Survival, pfs: Survival, expected: Callable[..., Any]
) -> None:
    truth = expected("seed_synthetic_cohort.csv", "OS/PFS GBW")
    for data, name in ((os_, "os"), (pfs, "pfs")):
        gehan = rank_test(*data, test="gehan_breslow_wilcoxon")
        assert gehan.statistic == pytest.approx(truth[name]["chisq"], rel=1e-4)
        assert gehan.p_value == pytest.approx(truth[name]["p"], rel=1e-4)
        plain = rank_test(*data)
        assert plain.statistic == pytest.approx(truth[f"{name}_logrank"]["chisq"], rel=1e-4)
        assert plain.p_value == pytest.approx(truth[f"{name}_logrank"]["pvalue"], rel=1e-4)
    peto = rank_test(*os_, test="peto_peto")
    assert peto.statistic == pytest.approx(truth["os_peto_rho1"]["chisq"], rel=1e-4)
    assert peto.p_value == pytest.approx(truth["os_peto_rho1"]["pvalue"], rel=1e-4)


@pytest.mark.shared
def test_exact_rank_tests_agree_with_coin(os_: Survival, expected: Callable[..., Any]) -> None:
    truth = expected("seed_synthetic_cohort.csv", "OS/PFS GBW")
    gehan = exact_rank_test(*os_, test="gehan_breslow_wilcoxon")
    assert gehan.p_value == pytest.approx(truth["coin_exact_gb_p"], rel=1e-4)
    plain = exact_rank_test(*os_)
    assert plain.p_value == pytest.approx(truth["coin_exact_logrank_p"], rel=1e-4)


@pytest.mark.shared
@pytest.mark.parametrize(("after", "name"), [(0.5, "landmark_day15"), (2.0, "landmark_2mo")])
def test_landmarks(os_: Survival, expected: Callable[..., Any], after: float, name: str) -> None:
    truth = expected("seed_synthetic_cohort.csv", "OS/PFS GBW")[name]
    kept = os_[0] > after
    arm = [a for a, k in zip(os_[2], kept, strict=True) if k]
    found = rank_test(os_[0][kept], os_[1][kept], arm, test="gehan_breslow_wilcoxon")
    assert (found.statistic, found.p_value) == pytest.approx((truth["chisq"], truth["p"]), rel=1e-4)


@pytest.mark.shared
def test_curves_medians_and_means_of_the_synthetic_cohort(
    os_: Survival, pfs: Survival, expected: Callable[..., Any]
) -> None:
    first = expected("seed_synthetic_cohort.csv", "OS/PFS GBW")
    more = expected("seed_synthetic_cohort.csv", "KM CIs")
    for i, arm in enumerate(("C", "C+Len")):
        mine = np.array([a == arm for a in os_[2]])
        curve = kaplan_meier(os_[0][mine], os_[1][mine])
        band = more["km_median_ci"][i]
        assert median(curve) == (first["med"][i], band["0.95LCL"], band["0.95UCL"])
        assert survival_at(curve, 12)[0] == pytest.approx(first["os12"][i], rel=1e-4)
        assert restricted_mean(curve, 12) == pytest.approx(tuple(more["rmst12"][i]), rel=1e-4)
        free = kaplan_meier(pfs[0][mine], pfs[1][mine])
        assert survival_at(free, 12)[0] == pytest.approx(first["pfs12"][i], rel=1e-4)
    followed = median_follow_up(os_[0], os_[1])[0]
    assert followed == pytest.approx(more["reverse_km_median_fu"], rel=1e-4)


@pytest.mark.shared
def test_hazard_ratios_of_the_synthetic_cohort(
    rows: Rows, os_: Survival, expected: Callable[..., Any]
) -> None:
    truth = expected("seed_synthetic_cohort.csv", "KM CIs")
    treated = np.array([a == "C+Len" for a in os_[2]], dtype=float)
    naive = cox(from_arms(os_[0], os_[1], treated))
    assert naive.ratio == pytest.approx(truth["naive_cox_hr"], rel=1e-4)
    assert naive.ci == pytest.approx(tuple(truth["naive_cox_ci"][0]), rel=1e-4)
    assert naive.p_value == pytest.approx(truth["naive_score_p"], rel=1e-4)
    begun = np.array(
        [float(r["len_start_day"] or "nan") for r in rows("seed_synthetic_cohort.csv")]
    )
    timed = cox(from_start(os_[0], os_[1], begun / 30.4375))
    assert timed.ratio == pytest.approx(truth["tdc_cox_hr"], rel=1e-4)
    assert timed.ci == pytest.approx(tuple(truth["tdc_ci"][0]), rel=1e-4)
    assert timed.p_value == pytest.approx(truth["tdc_cox_score_p"], rel=1e-4)


@pytest.mark.shared
def test_firths_penalty_agrees_with_firthmodels(
    os_: Survival, expected: Callable[..., Any]
) -> None:
    truth = expected("seed_synthetic_cohort.csv", "Firth Cox")
    treated = np.array([a == "C+Len" for a in os_[2]], dtype=float)
    found = firth(from_arms(os_[0], os_[1], treated))
    assert found.ratio == pytest.approx(truth["HR"], rel=1e-4)
    assert found.ci == pytest.approx(tuple(truth["ci"]), rel=1e-4)
    assert found.p_value == pytest.approx(truth["lrt_p"], rel=1e-4)


def test_a_curve_by_hand() -> None:
    # 5 patients: event at 1 (4/5), censored at 2, event at 3 (4/5 x 2/3 = 8/15), others later
    curve = kaplan_meier(np.array([1.0, 2, 3, 4, 5]), np.array([1.0, 0, 1, 0, 0]))
    assert curve.survival == pytest.approx([0.8, 8 / 15])
    assert curve.at_risk.tolist() == [5, 3]
    assert survival_at(curve, 0.5) == (1.0, None, None)
    assert median(curve)[0] is None
    assert numbers_at_risk(np.array([1.0, 2, 3, 4, 5]), [0, 2, 6]) == [5, 4, 0]


def test_survival_past_the_last_patient_is_not_guessed() -> None:
    curve = kaplan_meier(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    with pytest.raises(NotEnoughData, match="followed up to 2"):
        survival_at(curve, 12)
    with pytest.raises(NotEnoughData, match="followed up to 2"):
        restricted_mean(curve, 12)


def test_gehan_by_hand() -> None:
    # A dies at 1 and 2, B at 3 and 4. Weights = at risk: 4 (1 - 1/2) + 3 (1 - 1/3) = 4;
    # variance 16 x 1/4 + 9 x 2/9 = 6; statistic 16 / 6 (at 3 and 4 only B is at risk)
    time, event = np.array([1.0, 2, 3, 4]), np.ones(4)
    found = rank_test(time, event, ["A", "A", "B", "B"], test="gehan_breslow_wilcoxon")
    assert found.statistic == pytest.approx(16 / 6)


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([-1.0, 2.0], [1.0, 0.0], "a time of -1"),
        ([1.0, 2.0], [1.0, 2.0], "an event of 2"),
        ([], [], "no patient"),
    ],
)
def test_what_is_not_survival_is_refused(time: Any, event: Any, message: str) -> None:
    with pytest.raises(NotEnoughData, match=message):
        kaplan_meier(np.array(time), np.array(event))


def test_without_an_event_there_is_no_test() -> None:
    with pytest.raises(NotEnoughData, match="0 events"):
        rank_test(np.array([1.0, 2.0]), np.zeros(2), ["A", "B"])


def test_events_on_one_side_have_no_hazard_ratio_but_a_penalised_one() -> None:
    data = from_arms(
        np.array([1.0, 2, 3, 9, 9, 9]), np.array([1.0, 1, 1, 0, 0, 0]), np.repeat([0.0, 1], 3)
    )
    with pytest.raises(NotEnoughData, match="all events fall to one group"):
        cox(data)
    found = firth(data)
    assert 0 < found.ratio < 1
    assert found.p_value < 0.1


@pytest.mark.parametrize("seed", range(4))
def test_random_cohorts_agree_with_statsmodels(seed: int) -> None:
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    rng = np.random.default_rng(seed)
    time = rng.integers(1, 15, 30).astype(float)  # many ties
    event = rng.integers(0, 2, 30).astype(float)
    arm = rng.integers(0, 2, 30)
    names = ["AB"[a] for a in arm]
    for ours, theirs in (
        ("log_rank", {}),
        ("gehan_breslow_wilcoxon", {"weight_type": "gb"}),
        ("tarone_ware", {"weight_type": "tw"}),
    ):
        statistic, p = survdiff(time, event, arm, **theirs)
        found = rank_test(time, event, names, test=ours)
        assert (found.statistic, found.p_value) == pytest.approx((statistic, p), rel=1e-9)
    curve = kaplan_meier(time, event)
    judge = SurvfuncRight(time, event)
    assert curve.survival == pytest.approx(judge.surv_prob, rel=1e-9)
    assert np.sqrt(curve.variance) == pytest.approx(judge.surv_prob_se, rel=1e-9)


def test_the_order_of_patients_does_not_matter() -> None:
    rng = np.random.default_rng(9)
    time, event = rng.integers(1, 9, 12).astype(float), rng.integers(0, 2, 12).astype(float)
    arm = list("AABBABABABAB")
    turn = rng.permutation(12)
    for test in ("log_rank", "gehan_breslow_wilcoxon"):
        one = exact_rank_test(time, event, arm, test=test).p_value
        other = exact_rank_test(time[turn], event[turn], [arm[i] for i in turn], test=test).p_value
        assert other == pytest.approx(one, rel=1e-12)
