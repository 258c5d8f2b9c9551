"""Which matrix a panel is compensated with is the study's choice, never ignored."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labproc.errors import StudyError
from labproc.pipeline.compensation import panel_spillover
from labproc.pipeline.runner import load_results, run_study
from labproc.simulate import Design, write_study
from labproc.study import load_study

DESIGN = Design(donors=1, days=(0, 2, 4), panels=("subset",), n_events=800)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    write_study(tmp_path, replace(DESIGN, with_qpcr=False, with_patient=False))
    return tmp_path


def choose(study: Path, word: str) -> None:
    path = study / "study.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"cd4_cd8"\n', f'"cd4_cd8"\ncompensation = "{word}"\n'))


def test_by_default_the_file_decides(study: Path) -> None:
    assert panel_spillover(load_study(study), "subset") is None


def test_none_is_the_identity_and_the_result_says_uncompensated(study: Path) -> None:
    choose(study, "none")
    found = panel_spillover(load_study(study), "subset")
    assert found is not None
    assert found.is_identity
    run_study(study, hold=(), workers=1)
    tubes = load_results(study).tubes
    assert all("uncompensated" in {f.code for f in t.flags} for t in tubes)
    assert all(t.spillover is not None and t.spillover.is_identity for t in tubes)


def test_a_matrix_beside_the_study_is_used(study: Path) -> None:
    (study / "m.csv").write_text("dye,VL1-A,RL1-A\nVL1-A,1,0.02\nRL1-A,0.1,1\n", encoding="utf-8")
    choose(study, "m.csv")
    found = panel_spillover(load_study(study), "subset")
    assert found is not None
    assert found.detectors == ("VL1-A", "RL1-A")
    np.testing.assert_array_equal(found.matrix, [[1, 0.02], [0.1, 1]])


def test_a_matrix_that_cannot_be_read_is_refused_with_its_panel(study: Path) -> None:
    (study / "m.csv").write_text("dye,VL1-A,RL1-A\nVL1-A,1,x\nRL1-A,0,1\n", encoding="utf-8")
    choose(study, "m.csv")
    wanted = r"\[panels.subset\] compensation: m.csv, line 2, RL1-A: found 'x', expected a number"
    with pytest.raises(StudyError, match=wanted):
        panel_spillover(load_study(study), "subset")


def test_a_word_that_means_nothing_is_refused(study: Path) -> None:
    choose(study, "fiel")
    with pytest.raises(StudyError, match=r"\[panels.subset\]: compensation is 'fiel', expected"):
        panel_spillover(load_study(study), "subset")
