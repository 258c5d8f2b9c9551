"""The permutation P of a difference in restricted mean, by hand and where the other fails."""

import numpy as np
import pytest

from labproc.cohort import restricted_mean
from labproc.cohort.kaplan_meier import kaplan_meier
from labproc.cohort.kaplan_meier import restricted_mean as mean_of
from labproc.cohort.restricted_mean import permutation_p

SIX = np.array([1.0, 2, 3, 4, 5, 6])
LATE = np.array([False, False, False, True, True, True])


def test_by_hand() -> None:
    # up to 3 the times count as 1, 2, 3, 3, 3, 3. Seen: sums 9 and 6. A group has 9 when the
    # other holds both 1 and 2 (4 of the 20 choices), 6 when it holds them itself (4): 8/20
    assert permutation_p(SIX, np.ones(6), LATE, 3.0) == pytest.approx(0.4)
    # up to 2 they count as 1, 2, 2, 2: every choice of two differs by 1, as seen
    assert permutation_p(SIX[:4], np.ones(4), LATE[1:5], 2.0) == 1.0


def test_the_arms_change_places() -> None:
    event = np.array([1.0, 0, 1, 1, 0, 1])
    assert permutation_p(SIX, event, LATE, 5.0) == permutation_p(SIX, event, ~LATE, 5.0)


def test_the_means_are_those_of_the_curves() -> None:
    rng = np.random.default_rng(1)
    time, event = rng.exponential(8.0, 12).round(1), rng.integers(0, 2, 12).astype(float)
    member = np.arange(12) % 2 == 0
    until = float(min(time[member].max(), time[~member].max()))
    both = restricted_mean._means(time, event, np.array([member, ~member]), until)
    by_curve = [mean_of(kaplan_meier(time[m], event[m]), until)[0] for m in (member, ~member)]
    assert both == pytest.approx(by_curve)


def test_drawn_assignments_come_near_the_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    time, event = rng.exponential(8.0, 14), np.ones(14)
    treated = np.arange(14) < 7
    listed = permutation_p(time, event, treated, 6.0)
    monkeypatch.setattr(restricted_mean, "MOST_ARRANGEMENTS", 10)
    assert permutation_p(time, event, treated, 6.0) == pytest.approx(listed, abs=0.015)


def test_under_no_effect_it_keeps_its_level_where_the_normal_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seven against nine patients, half of them followed to an event, as in the paper's size."""
    monkeypatch.setattr(restricted_mean, "MOST_ARRANGEMENTS", 10)
    monkeypatch.setattr(restricted_mean, "N_DRAWS", 399)
    rng = np.random.default_rng(3)
    treated = np.arange(16) < 7
    exact, normal = [], []
    for _ in range(600):
        fate, left = rng.exponential(10.0, 16), rng.uniform(6.0, 20.0, 16)
        time, event = np.minimum(fate, left), (fate <= left).astype(float)
        until = float(min(time[treated].max(), time[~treated].max(), 12.0))
        exact.append(permutation_p(time, event, treated, until))
        ends = [mean_of(kaplan_meier(time[m], event[m]), until) for m in (treated, ~treated)]
        z = (ends[0][0] - ends[1][0]) / np.hypot(ends[0][1], ends[1][1])
        normal.append(abs(z) > 1.96)
    share = np.mean(np.array(exact) < 0.05)
    assert 0.03 <= share <= 0.07
    assert np.mean(normal) > share
