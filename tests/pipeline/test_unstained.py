"""A study's live gates lean on the unstained tube of the donor and day, and everything says so."""

import csv
from pathlib import Path

from labproc.exchange import EXPORTS
from labproc.pipeline.runner import RunReport, load_results, run_study


def test_the_live_gate_names_its_own_days_unstained_tube(finished: tuple[Path, RunReport]) -> None:
    with (finished[0] / "results/tables/populations.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["population"] == "Live"]
    by_panel = {p: [r for r in rows if r["panel"] == p] for p in {r["panel"] for r in rows}}
    assert all(r["control_file"] == "" for r in by_panel["subset"])  # no unstained tube there
    assert by_panel["car"]
    for row in by_panel["car"]:
        name = Path(row["control_file"]).name
        assert name.endswith("_car_unstained.fcs")
        assert name.startswith(f"{row['donor']}_C_d{int(row['day']):02}")


def test_an_unstained_tube_of_no_donor_serves_all_donors_of_its_day(study: Path) -> None:
    raw, sheet = study / "raw", study / "samples.csv"
    lines = sheet.read_text(encoding="utf-8").splitlines()
    heads = lines[0].split(",")
    (one,) = raw.rglob("D1_C_d02_car_unstained.fcs")
    one.rename(raw / "blank.fcs")
    (other,) = raw.rglob("D2_C_d02_car_unstained.fcs")
    other.unlink()
    kept = [row for row in lines if "d02_car_unstained" not in row]
    row = {"file": "blank.fcs", "day": "2", "panel": "car", "role": "unstained"}
    kept.append(",".join(row.get(h, "") for h in heads))
    sheet.write_text("\n".join(kept) + "\n", encoding="utf-8")
    run_study(study, hold=(), workers=1)
    with (study / "results/tables/populations.csv").open(encoding="utf-8") as file:
        leaning = [r for r in csv.DictReader(file) if r["control_file"] == "blank.fcs"]
    assert {(r["population"], r["day"]) for r in leaning} == {("Live", "2")}
    assert {r["donor"] for r in leaning} == {"D1", "D2"}


def test_drawing_methods_and_checklist_show_it(
    finished: tuple[Path, RunReport], tmp_path: Path
) -> None:
    results = load_results(finished[0])
    tube = next(t for t in results.tubes if t.key.panel == "car")
    gates = {g.population: g for g in tube.gates}
    assert gates["Live"].control is not None
    assert gates["Live"].control_name.endswith("_unstained.fcs")
    assert gates["CAR+"].control_name.endswith("_untransduced.fcs")
    assert gates["T cells"].control_name == ""
    n = sum(t.key.panel == "car" for t in results.tubes)
    assert f"In {n} tubes the live gate was held against an unstained" in " ".join(results.methods)
    (path,) = EXPORTS.get("checklists").write(results, tmp_path)
    assert f"Live gated against a control in {n} of" in path.read_text(encoding="utf-8")
