"""A small simulated study, run like any other, comes out near its truth."""

import pytest

from labproc.pipeline.runner import run_study
from labproc.simulate import Design, write_study
from labproc.simulate.truth import score


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, Design(donors=1, days=(0, 4, 8), n_events=6000, seed=5))
    report = run_study(folder, workers=1, hold=())
    assert report.exit_code == 0, report.failed
    return {s.what: s for s in score(folder)}


def test_counts_and_ratios_are_near_the_truth(scores):
    for what in ("cells per µL", "CAR-T cells per culture", "CD4:CD8 ratio"):
        assert scores[what].passed, scores[what].sentence


def test_intervals_cover_the_truth(scores):
    # 6 samples of one donor share one plate, so the plate's error may cost several at once
    for what in ("cells per µL, interval", "CAR-T cells, interval", "copies per µg, interval"):
        assert scores[what].n == scores[what].expected
        assert scores[what].found >= 0.8, scores[what].sentence


def test_one_donor_is_no_comparison(scores):
    assert scores["effects of lenalidomide, interval"].n == 0
