"""A study's live gates lean on the unstained tube of the donor and day, and everything says so."""

import csv
from pathlib import Path

from labproc.exchange import EXPORTS
from labproc.pipeline.runner import RunReport, load_results


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
