"""One curve for all plates of a study, and LOD and LOQ from its dilution series."""

import csv
from pathlib import Path

import numpy as np
import pytest

from labproc.errors import StudyError
from labproc.exchange.rdml import rdml
from labproc.model import SourceFile, Task, Well
from labproc.pipeline.pooling import pooling_flags
from labproc.pipeline.results import PlateView, Results
from labproc.pipeline.runner import load_results, run_study
from labproc.pipeline.verify import verify_study
from labproc.simulate import Design, write_study
from labproc.simulate.plates import position
from labproc.simulate.quantstudio import write_workbook
from labproc.study import load_study

DESIGN = Design(donors=2, days=(0, 2, 4), panels=("count",), n_events=500, with_patient=False)
SLOPE, START, SD = -3.4, 38.4, 0.11
SERIES = {1: 24, 3: 24, 10: 12, 100: 6, 1000: 6, 10000: 6}


def dilution_series(rng: np.random.Generator) -> list[Well]:
    """Return wells of 1 to 10,000 copies by their Poisson numbers of molecules."""
    wells = []
    for copies in (q for q, n in SERIES.items() for _ in range(n)):
        n = rng.poisson(copies)
        cq = START + SLOPE * np.log10(n) + rng.normal(0, SD) if n else None
        cq = None if cq is None or cq >= 40 else float(cq)
        place = position(len(wells))
        wells.append(Well(place, f"Std {copies}", "CAR", Task.STANDARD, cq, copies, dye="FAM"))
    return wells


def calibrated_plate(rng: np.random.Generator) -> list[Well]:
    """Return a plate without standards: the positive control, and a sample of 5,000 copies."""
    plan = [("positive control", 500.0, Task.POSITIVE)] * 3 + [
        ("D1_C_d06", 5000.0, Task.UNKNOWN)
    ] * 3
    wells = []
    for sample, copies, task in plan:
        cq = START + 0.6 + SLOPE * np.log10(rng.poisson(copies)) + rng.normal(0, SD)
        wells.append(Well(position(len(wells)), sample, "CAR", task, float(cq), dye="FAM"))
    return wells


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("study")
    write_study(made, DESIGN)
    rng = np.random.default_rng(12)
    raw = made / "raw/qpcr"
    write_workbook(raw / "lod.xlsx", dilution_series(rng), run_start="2026-03-20 09:00:00")
    source = SourceFile("rest", "0" * 64, "rdml")
    rest = PlateView(source, "rest", "rdml", tuple(calibrated_plate(rng)), (), ())
    (raw / "rest.rdml").write_bytes(rdml(rest))
    settings = made / "study.toml"
    text = settings.read_text(encoding="utf-8")
    more = (
        'curve = "pooled"\ncalibrator = "positive control"\ndilution_series = "lod.xlsx"\n'
        "lloq_copies_per_ug = 3\n"
    )
    settings.write_text(text.replace("dna_ng_per_well", f"{more}dna_ng_per_well"), encoding="utf-8")
    assert run_study(made, hold=(), workers=1).failed == ()
    return made


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return load_results(folder)


def test_every_plate_is_read_from_one_slope(results: Results) -> None:
    slopes = {c.slope for p in results.plates for c in p.curves if c.target == "CAR"}
    assert len(slopes) == 1
    intercepts = {c.intercept for p in results.plates for c in p.curves if c.target == "CAR"}
    assert len(intercepts) == len(results.plates) == 4
    assert any("one slope for 4 plates" in words for words in results.methods)


def test_the_instruments_own_curve_is_no_reproach_to_a_shared_one(results: Results) -> None:
    told = [f for p in results.plates for f in p.flags if f.code == "differs_from_reported"]
    assert told
    assert {f.severity.value for f in told} == {"info"}


def test_a_plate_without_standards_is_read_through_the_calibrator(results: Results) -> None:
    plate = next(p for p in results.plates if p.source.path.endswith("rest.rdml"))
    (found,) = (s for s in plate.samples if s.sample == "D1_C_d06")
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert found.ci_low < 5000 < found.ci_high
    assert "calibrated_plate" in {f.code for f in plate.flags}


@pytest.mark.parametrize("name", ["positive control", "positve control"])
def test_a_misspelt_calibrator_is_flagged_with_the_name_it_may_mean(
    folder: Path, results: Results, name: str
) -> None:
    settings = load_study(folder).settings
    qpcr = settings.qpcr.model_copy(update={"calibrator": name})
    flags = pooling_flags(settings.model_copy(update={"qpcr": qpcr}), results.plates)
    told = [f.message for f in flags if f.code == "unknown_calibrator"]
    expected = (
        "[qpcr] calibrator 'positve control': no such sample on 4 plates, expected "
        "'positive control' (the nearest)"
    )
    assert told == ([] if name == "positive control" else [expected])


def test_a_second_run_does_nothing_and_everything_derives_again(folder: Path) -> None:
    again = run_study(folder, hold=(), workers=1)
    assert (again.n_done, again.changed) == (0, False)
    assert verify_study(folder, recompute=True).problems == ()


def test_limits_come_from_the_dilution_series(results: Results) -> None:
    found = results.limits["CAR"]
    assert (found.n_plates, found.n_wells) == (1, sum(SERIES.values()))
    assert found.limits is not None
    # a well is empty with exp(-copies); 95 % are found from 2.996 copies on
    assert found.limits.lod.low is not None
    assert found.limits.lod.high is not None
    assert found.limits.lod.low < 2.996 < found.limits.lod.high
    answers = {r.item: r.answer for p in results.plates for r in p.checklist}
    assert answers["limit of detection"].startswith(f"{found.limits.lod.lod:.3g} copies")


def test_a_claim_below_what_the_series_detects_is_flagged(results: Results) -> None:
    # 3 per µg are 0.6 copies in 200 ng; triplicates find 95 % of samples from 1.0 on
    (flag,) = (f for f in results.flags if f.code == "lloq_below_lod")
    assert "0.6 copies per well" in flag.message


def test_limits_stand_in_a_table(folder: Path) -> None:
    with (folder / "results/tables/limits.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["target"] for r in rows] == ["CAR"]
    assert rows[0]["levels"].startswith("1: ")
    assert float(rows[0]["lod_in_3"]) < float(rows[0]["lod_in_2"]) < float(rows[0]["lod"])


def test_a_calibrator_without_a_pooled_curve_is_refused(folder: Path, tmp_path: Path) -> None:
    text = (folder / "study.toml").read_text(encoding="utf-8").replace('curve = "pooled"\n', "")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=r"expected curve = .pooled. with it"):
        run_study(tmp_path, hold=(), workers=1)
