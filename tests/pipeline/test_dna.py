"""A NanoDrop's concentrations become the DNA in each well, unless the sheet says otherwise."""

import csv
from pathlib import Path

import pytest

from labproc.pipeline.runner import run_study
from labproc.simulate import Design, write_study

NANODROP = (
    "#\tSample ID\tUser name\tDate and Time\tNucleic Acid Conc.\tUnit\tA260\tA280\t260/280\t260/230"
    "\tSample Type\tFactor\n"
)


def ng_per_well(folder: Path) -> dict[str, str]:
    """Return donor, arm and day -> copies per µg of the run's table."""
    path = folder / "results/tables/measurements.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["metric"] == "copies_per_ug" and r["value"]]
    return {f"{r['donor']}_{r['arm']}_d{r['day']}": r["value"] for r in rows}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    design = Design(donors=1, days=(0, 2, 4), panels=("count",), n_events=500, with_patient=False)
    write_study(tmp_path, design)
    settings = tmp_path / "study.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace("dna_ng_per_well", "template_ul_per_well = 4\ndna_ng_per_well")
    )
    run_study(tmp_path, hold=(), workers=1)
    return tmp_path


def test_half_the_dna_is_twice_the_copies_per_ug(study: Path) -> None:
    before = ng_per_well(study)
    line = "1\tD1_C_d02\tann\t3/4/2026 10:00:00 AM\t25.0\tng/µl\t0.5\t0.27\t1.85\t2.1\tDNA\t50\n"
    (study / "raw/nanodrop.tsv").write_text(NANODROP + line, encoding="utf-8")
    report = run_study(study, hold=(), workers=1)
    assert report.failed == ()
    after = ng_per_well(study)
    # 25 ng/µL x 4 µL = 100 ng in the well, where the study says 200 ng
    assert float(after["D1_C_d2"]) == pytest.approx(2 * float(before["D1_C_d2"]))
    assert after["D1_C_d4"] == before["D1_C_d4"]
    assert run_study(study, hold=(), workers=1).n_done == 0
