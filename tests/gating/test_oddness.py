"""The odd one of a group is found, and its reason is said."""

import pytest

from gating.engine import gate_tube
from gating.oddness import rank
from gating.strategy import load_strategy

from ._tubes import culture


@pytest.fixture(scope="module")
def group():
    strategy = load_strategy("cd4_cd8")
    made = {f"s{k}": gate_tube(culture(2_500, seed=k)[0], strategy, draws=20) for k in range(13)}
    odd, _ = culture(2_500, cd4=0.05, dead=0.6, seed=99)
    made["odd"] = gate_tube(odd, strategy, draws=20)
    return made


def test_the_odd_sample_comes_first_with_its_reason(group):
    first = rank(group)[0]
    assert first.name == "odd"
    assert any("fraction" in r and "its group's" in r for r in first.reasons)
    assert first.flag is not None


def test_usual_samples_score_low(group):
    assert sum(o.score > 4.0 for o in rank(group)) <= 2


def test_the_order_of_the_samples_does_not_matter(group):
    backwards = dict(reversed(list(group.items())))
    plain = {o.name: o.reasons for o in rank(group)}
    assert {o.name: o.reasons for o in rank(backwards)} == plain


def test_two_samples_are_no_group(group):
    few = {k: group[k] for k in ("s0", "odd")}
    assert all(o.reasons == () for o in rank(few))
