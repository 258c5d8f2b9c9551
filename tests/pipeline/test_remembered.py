"""What the outlier model said is kept with the tubes it was asked about, and asked once."""

from pathlib import Path

import numpy as np
import pytest

from gating.oddness import FOREST_GROUP, isolation
from labproc.pipeline.remembered import Remembered
from labproc.store import Store

GROUP = np.random.default_rng(0).normal(size=(FOREST_GROUP, 5))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "labproc.sqlite")


def test_the_model_is_asked_once_and_says_the_same_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Remembered.of(store)
    said = first.isolate(GROUP, 0)
    np.testing.assert_array_equal(said, isolation(GROUP, 0))
    first.keep(store)

    def asked(*_: object) -> None:
        raise AssertionError("the model was asked again")

    monkeypatch.setattr("gating.oddness.isolation", asked)
    np.testing.assert_array_equal(Remembered.of(store).isolate(GROUP, 0), said)


def test_another_group_is_asked_about_anew(store: Store) -> None:
    first = Remembered.of(store)
    first.isolate(GROUP, 0)
    first.keep(store)
    moved = GROUP.copy()
    moved[3, 2] += 9.0
    again = Remembered.of(store)
    np.testing.assert_array_equal(again.isolate(moved, 0), isolation(moved, 0))
    again.keep(store)
    assert list(Remembered.of(store).known) == list(again.asked)  # the old group is let go
