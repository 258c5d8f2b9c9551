"""Gates that a study shares between tubes: placed once, with exceptions, the same in any order."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labproc.errors import StudyError
from labproc.pipeline.review import save_gate
from labproc.pipeline.runner import RunReport, load_results, run_study
from labproc.pipeline.verify import verify_study
from labproc.simulate import Design, write_study

DESIGN = Design(donors=1, days=(0, 2, 4), panels=("subset",), n_events=1200)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared")
    write_study(folder, replace(DESIGN, with_qpcr=False, with_patient=False))
    say(folder, 'shared = { Live = ["donor"] }')
    run(folder)
    return folder


def say(study: Path, line: str) -> None:
    path = study / "study.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"cd4_cd8"\n', f'"cd4_cd8"\n{line}\n'), encoding="utf-8")


def run(study: Path) -> RunReport:
    return run_study(study, hold=(), workers=1)


def live(study: Path) -> dict[str, dict[str, float | str]]:
    with (study / "results/tables/populations.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["population"] == "Live"]
    return {r["file"]: json.loads(r["parameters"]) for r in rows}


def test_all_tubes_of_the_group_have_the_median_of_their_own_gates(made: Path) -> None:
    found = live(made)
    assert len(found) == 6
    (one,) = {p["threshold"] for p in found.values()}
    own = sorted(float(p["own_threshold"]) for p in found.values())
    assert own[2] <= float(one) <= own[3]
    assert {p["group"] for p in found.values()} == {"D1"}
    tubes = load_results(made).tubes
    assert all("gate_shared" in {f.code for f in t.flags} for t in tubes)
    assert all("shared: Live" in t.version for t in tubes)


def test_a_second_run_does_nothing_and_verify_finds_the_same(made: Path) -> None:
    assert not run(made).changed
    assert verify_study(made, recompute=True).problems == ()


def test_an_exception_keeps_its_own_gate_and_does_not_move_the_groups(
    made: Path, tmp_path: Path
) -> None:
    study = copy(made, tmp_path)
    before = live(study)
    name = sorted(before)[0].rpartition("/")[2]
    say(study, f"own = {{ {json.dumps(name)} = {{ Live = 'debris' }} }}")
    run(study)
    after = live(study)
    first = after[sorted(after)[0]]
    assert first["threshold"] == before[sorted(before)[0]]["own_threshold"]
    assert "group" not in first
    others = [p for f, p in after.items() if f != sorted(after)[0]]
    assert len({p["threshold"] for p in others}) == 1
    own = [float(p["own_threshold"]) for p in others]
    assert float(others[0]["threshold"]) == pytest.approx(np.median(own), rel=0.01)


def test_a_reviewers_gate_is_an_exception_of_one_tube(made: Path, tmp_path: Path) -> None:
    study = copy(made, tmp_path)
    before = live(study)
    tube = load_results(study).tubes[0]
    save_gate(study, tube.source.sha256, "Live", [[40_000.0]], who="ann", reason="debris")
    after = live(study)
    assert after[tube.source.path]["threshold"] == 40_000.0
    others = set(after) - {tube.source.path}
    assert all(after[f] == before[f] for f in others)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('shared = { Liv = ["donor"] }', r"\[panels.subset.shared\]: no population 'Liv'; did you"),
        ('shared = { Live = ["week"] }', r"shared.Live.0 is 'week'"),
        ("own = { 'a.fcs' = { Live = 'x' } }", r"'Live' is not shared \(shared: none\)"),
        ("own = { 'a.fcs' = { Live = '' } }", "no reason, expected one"),
    ],
)
def test_what_cannot_be_shared_is_refused(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "raw").mkdir()
    text = f'[panels.subset]\nstrategy = "cd4_cd8"\n{line}\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        run(tmp_path)


def copy(made: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(made, tmp_path / "study"))
