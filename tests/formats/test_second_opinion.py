"""flowio and fcsparser are asked in processes of their own, and never believed blindly."""

from pathlib import Path

import numpy as np
import pytest

from labproc.formats import second_opinion
from labproc.formats.fcs.write import write_fcs
from labproc.model import Channel


@pytest.fixture
def path(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).normal(0, 1e4, (50, 2)).astype(np.float32)
    write_fcs(tmp_path / "a.fcs", values, [Channel("A"), Channel("B")])
    return tmp_path / "a.fcs"


def test_both_agree_on_a_plain_file(path: Path) -> None:
    found = second_opinion.compare(path)
    assert [(o["reader"], o["verdict"]) for o in found] == [
        ("flowio", "equal"),
        ("fcsparser", "equal"),
    ]


def test_a_reader_that_dies_cannot_judge(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "READERS", {"nobody": None})
    (found,) = second_opinion.compare(path)
    assert found["verdict"] == "cannot_judge"
    assert "KeyError: 'nobody'" in found["says"]


def test_a_reader_that_hangs_cannot_judge(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "SECONDS", 0.01)
    assert {o["says"] for o in second_opinion.compare(path)} == {
        "cannot read it (still reading after 0.01 s)"
    }


def test_other_values_and_other_shapes_are_told_apart() -> None:
    ours = np.array([[1.0, 2.0], [3.0, np.nan]])
    judge = second_opinion._verdict
    assert judge("x", ours, ours.copy())["verdict"] == "equal"
    says = judge("x", ours, np.array([[1.0, 2.5], [3.0, np.nan]]))["says"]
    assert says == (
        "reads 1 of 4 values differently, the first in event 1, channel 2: 2.5, labproc 2"
    )
    assert judge("x", ours, ours[:1])["says"] == (
        "reads 1 events x 2 channels, labproc 2 events x 2 channels"
    )


@pytest.mark.shared
def test_a_later_data_set_is_not_judged(shared: Path) -> None:
    path = shared / "data" / "fcs" / "cytoflow" / "int-multiple_datasets.fcs"
    assert {o["verdict"] for o in second_opinion.compare(path, dataset=2)} == {"cannot_judge"}
