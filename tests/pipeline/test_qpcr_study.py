"""What study.toml and samples.csv say of qPCR reaches the plates and the tables of a run."""

import csv
from pathlib import Path

import pytest

from labproc.pipeline.results import PlateView, Results
from labproc.pipeline.runner import load_results, run_study
from labproc.simulate import Design, write_study

DESIGN = Design(donors=1, days=(0, 2, 4), panels=("count",), n_events=500, with_patient=False)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Run a study whose sheet states blood, and whose settings leave one standard out."""
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, DESIGN)
    _state_blood(folder / "samples.csv")
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[qpcr.omit."{_plate(folder)}"]\nA1 = "bubble"\n')
    run_study(folder, hold=(), workers=1)
    return load_results(folder)


def _plate(folder: Path) -> str:
    return next(p.name for p in (folder / "raw").rglob("*") if "qpcr" in str(p) and p.is_file())


def _state_blood(path: Path) -> None:
    """Add 2 µg of DNA from 100 µL blood to one sample: 0.02 µg a µL."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [*rows[0], *(n for n in ("blood_ul", "dna_yield_ug") if n not in rows[0])]
    sample = next((r for r in rows if r.get("sample") == "D1_C_d04"), None)
    if sample is None:
        rows.append(sample := {"sample": "D1_C_d04"})
    sample |= {"blood_ul": "100", "dna_yield_ug": "2"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


def plate(results: Results) -> PlateView:
    return results.plates[0]


def test_copies_per_ul_blood_are_copies_per_ug_times_the_yield(results: Results) -> None:
    (blood,) = results.of("copies_per_ul_blood")
    (per_ug,) = (m for m in results.of("copies_per_ug") if m.key == blood.key)
    assert per_ug.value is not None
    assert per_ug.ci_high is not None
    assert blood.value == pytest.approx(per_ug.value * 2 / 100)
    assert blood.ci_high == pytest.approx(per_ug.ci_high * 2 / 100)
    assert blood.unit == "copies/µL blood"


def test_a_well_left_out_is_shown_and_named(results: Results) -> None:
    assert [w.position for w in plate(results).wells if w.omitted and w.position == "A1"]
    assert any("bubble" in f.message for f in plate(results).flags)
    assert [p.position for p in plate(results).standards if p.omitted] in (["A1"], ["A1", "A1"])


def test_standards_are_read_back(results: Results) -> None:
    used = [p for p in plate(results).standards if not p.omitted]
    assert used
    assert all(p.error is not None and abs(p.error) < 1 for p in used if p.cq)


def test_the_checklist_is_filled_from_what_is_known(results: Results) -> None:
    answers = {r.item: r.answer for r in plate(results).checklist}
    assert "A1" in answers["outliers left out"]
    assert answers["DNA per reaction"] == "200 ng"
    assert "slope" in answers["CAR: calibration curve"]
