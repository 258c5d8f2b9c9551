"""``labproc curve`` as outsiders rely on it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from labproc.cli.curve import command

pytestmark = pytest.mark.shared

EXPORT = "data/qpcr/quantstudio_txt/appbio_quantstudio_example04.txt"


def run(*words: str | Path):
    return CliRunner().invoke(command, [str(w) for w in words], standalone_mode=False)


@pytest.fixture(scope="module")
def line(shared) -> dict:
    result = run(shared / EXPORT, "--json")
    assert result.return_value == 0
    (text,) = result.stdout.splitlines()
    return json.loads(text)


def test_the_line_holds_what_the_contract_says(line):
    assert line["file"] == "appbio_quantstudio_example04.txt"
    assert line["target"] == "RNase P"
    assert line["slope"] == pytest.approx(-3.3833007, abs=1e-7)
    assert line["efficiency_ci"] == pytest.approx([0.94272919, 1.0095124], abs=1e-6)
    assert line["cq_range"] == [25.247, 29.502]
    assert line["lack_of_fit_p"] == pytest.approx(0.010441, abs=1e-6)
    told = {"slope": -3.383, "intercept": 39.814, "r_squared": 0.997, "efficiency": 0.97505}
    assert line["reported"] == pytest.approx(told)


def test_single_wells_are_read_by_fieller(line):
    well = next(q for q in line["quantities"] if q["well"] == "A1")
    assert well["cq"] == 27.102
    assert well["copies"] == pytest.approx(5719.7166, rel=1e-6)
    assert [well["ci_low"], well["ci_high"]] == pytest.approx([5116.364, 6395.2799], rel=1e-6)
    assert (well["reported_copies"], well["task"], well["status"]) == (
        5720.562,
        "unknown",
        "quantified",
    )


def test_standards_stand_apart_with_their_error(line):
    assert len(line["standards"]) == 20
    assert all(abs(s["error"]) < 0.2 for s in line["standards"])
    assert not {s["well"] for s in line["standards"]} & {q["well"] for q in line["quantities"]}


def test_samples_pool_their_replicates(line):
    sample = next(s for s in line["samples"] if s["sample"] == "5K")
    assert (sample["n_wells"], sample["method"], sample["status"]) == (36, "fieller", "quantified")
    assert sample["copies"] == sample["fieller_copies"]


def test_negative_controls_have_an_upper_limit(line):
    ntc = next(s for s in line["samples"] if s["task"] == "ntc")
    assert (ntc["copies"], ntc["status"]) == (None, "not_detected")
    assert ntc["ci_high"] == pytest.approx(2.9957, abs=1e-3)


def test_flags_are_code_severity_message(line):
    assert all(set(f) == {"code", "severity", "message"} for f in line["flags"])
    flag = next(f for f in line["flags"] if f["code"] == "lack_of_fit")
    assert flag["severity"] == "warning"
    assert "P = 0.0104" in flag["message"]


def test_a_bad_file_does_not_stop_the_rest(shared):
    result = run(shared / "data/fcs/flowio/G11.fcs", shared / EXPORT, "--json")
    assert result.return_value == 3
    assert len(result.stdout.splitlines()) == 1
    assert "G11.fcs: a flow cytometry file, expected a qPCR export" in result.stderr


def test_units_scale_the_copies(shared, line):
    result = run(shared / EXPORT, "--json", "--unit", "copies_per_ul", "--template-ul", "5")
    five = json.loads(result.stdout)
    assert five["quantities"][0]["copies"] == pytest.approx(5 * line["quantities"][0]["copies"])


def test_a_unit_that_needs_a_number_says_so(shared):
    result = run(shared / EXPORT, "--unit", "ng")
    assert "--unit ng: --copies-per-ng is None" in str(result.exception)


def test_a_well_is_omitted_only_with_a_reason(shared, line):
    well = line["standards"][0]["well"]
    less = json.loads(run(shared / EXPORT, "--json", "--omit", f"{well}=bubble").stdout)
    assert less["n_points"] == line["n_points"] - 1
    assert any(f["code"] == "well_omitted" for f in less["flags"])
    assert "expected WELL=REASON" in str(run(shared / EXPORT, "--omit", well).exception)


def test_the_text_names_curve_samples_and_flags(shared):
    text = run(shared / EXPORT).stdout
    assert "slope -3.3833" in text
    assert "36/36 wells, quantified" in text
    assert "[lack_of_fit]" in text


def test_several_plates_share_one_slope(shared):
    other = "data/qpcr/quantstudio_da2/appbio_quantstudio_designandanalysis_QS7_Standard_Curve_"
    result = run(shared / EXPORT, shared / f"{other}example06.xlsx", "--pooled", "--json")
    slopes = {json.loads(line)["slope"] for line in result.stdout.splitlines()}
    assert len(slopes) == 1
    assert slopes.pop() == pytest.approx(-3.3833, abs=1e-3)


def test_a_misspelt_calibrator_is_a_setting_that_cannot_be_used(tmp_path):
    rows = [f"A{i + 1},{'CAL' if i > 5 else 'STD'},CAR,Standard,{38 - 3.3 * i:.2f},{10**i}"
            for i in range(1, 7)]  # fmt: skip
    text = "\n".join(["Well,Sample,Target,Task,Cq,Quantity", *rows, ""])
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for path in paths:
        path.write_text(text.replace("STD", path.stem), encoding="utf-8")
    program = [sys.executable, "-m", "labproc", "curve", *map(str, paths), "--pooled"]
    told = subprocess.run(
        [*program, "--calibrator", "CALL"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert told.stdout == ""
    (said,) = told.stderr.splitlines()
    assert "calibrator 'CALL': no such sample on 2 plates, expected 'CAL' (the nearest)" in said
    right = subprocess.run(
        [*program, "--calibrator", "CAL"], capture_output=True, text=True, check=False
    )
    assert right.returncode == 0


def test_limits_and_checklist_on_request(shared):
    table = shared / "data/qpcr/lod/Data.csv"
    rows = [json.loads(t) for t in run(table, "--lod", "--miqe", "--json").stdout.splitlines()]
    row = next(r for r in rows if r["target"] == "SVC")
    best = row["lod"]["fits"][0]
    assert (best["model"], best["lod"]) == ("single_hit_poisson", pytest.approx(11.1631, rel=1e-3))
    assert [best["low"], best["high"]] == pytest.approx([9.420, 13.285], abs=1e-3)
    assert "SVC: PCR efficiency" in {r["item"] for r in row["miqe"]}


@pytest.mark.parametrize(("words", "said"), [((), True), (("--unit", "copies_per_well"), False)])
def test_a_unit_that_nobody_said_is_told(shared, words, said):
    result = run(shared / EXPORT, "--json", *words)
    codes = [f["code"] for f in json.loads(result.stdout)["flags"]]
    assert ("standard_unit_assumed" in codes) is said


def test_a_heading_with_another_unit_is_flagged(tmp_path):
    rows = [f"A{i + 1},S,CAR,Standard,{38 - 3.3 * i:.2f},{10**i}" for i in range(1, 6)]
    path = tmp_path / "plate.csv"
    path.write_text("\n".join(["Well,Sample,Target,Task,Cq,Quantity (ng)", *rows, ""]))
    codes = [f["code"] for f in json.loads(run(path, "--json").stdout)["flags"]]
    assert "quantity_unit_differs" in codes
    told = run(path, "--json", "--unit", "ng", "--copies-per-ng", "300")
    assert "quantity_unit_differs" not in told.stdout
