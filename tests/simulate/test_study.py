"""A simulated study is complete, readable by the project's parsers, and says its truth."""

import csv
import tomllib
from collections import Counter

import numpy as np
import pytest

from labproc.model import QpcrRun, Task
from labproc.parsers import read_file
from labproc.parsers.fcs import read_tube
from labproc.simulate import Design, write_study
from labproc.simulate.cultures import simulate_cultures


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_culture_day_and_panel_has_a_file(small_study):
    names = [p.name for p in (small_study / "raw").rglob("*.fcs")]
    # 2 donors x 2 arms x 3 days x 3 panels, one stained control each, one unstained a donor and day
    assert len(names) == 36 + 12 + 6
    assert Counter(n.rsplit("_", 1)[1] for n in names)["count.fcs"] == 12


def test_settings_read_as_toml_and_controls_stand_in_the_sheet(small_study):
    settings = tomllib.loads((small_study / "study.toml").read_text(encoding="utf-8"))
    assert settings["plan"]["window_days"] == [2, 8]
    assert settings["counts"]["final_ul"] / settings["counts"]["sample_ul"] == 10
    sheet = rows(small_study / "samples.csv")
    tubes = [r for r in sheet if r["file"]]
    assert Counter(r["role"] for r in tubes) == {"untransduced": 12, "unstained": 6}
    assert all((small_study / "raw" / r["file"]).is_file() for r in tubes)
    dna = {r["sample"]: r for r in sheet if r["sample"]}
    assert dna["untransduced gDNA"]["role"] == "untransduced_gdna"
    assert float(dna["P01_d007"]["dna_ng"]) == 100


def test_a_tube_says_what_an_attune_says(small_study):
    path = next((small_study / "raw").rglob("D1_C_d04_count.fcs"))
    tube = read_tube(path)
    assert "Attune NxT" in tube.cytometer
    assert float(tube.keywords["$VOL"]) == 1000 * tube.events.volume_ul  # nL
    assert tube.events.spillover is not None
    assert tube.time_step_s == 0.001
    assert [f for f in tube.flags if f.severity.rank > 0] == []
    assert tube.events.channels[5].voltage == 300.0


def test_events_over_volume_are_the_true_density(small_study):
    truth = {
        (r["donor"], r["arm"], r["day"]): r for r in rows(small_study / "truth" / "samples.csv")
    }
    path = next((small_study / "raw").rglob("D2_C_d08_count.fcs"))
    tube = read_tube(path)
    true = truth["D2", "C", "8"]
    # all events are live cells, dead cells and 10 to 22 % debris, diluted 1:10
    per_ul = 10 * tube.events.n_events / tube.events.volume_ul
    cells = float(true["cells_per_ul"]) / float(true["viability"])
    assert 1.0 < per_ul / cells < 1.35


@pytest.mark.parametrize(("name", "form"), [("D1_CAR_ALB.xlsx", "da2"), ("P01_CAR_ALB.txt", "")])
def test_the_parsers_read_both_export_layouts(small_study, name, form):
    run = read_file(small_study / "raw" / "qpcr" / name)
    assert isinstance(run, QpcrRun)
    assert form in run.format
    assert set(run.table.targets) == {"CAR", "ALB"}
    standards = run.table.of("CAR").with_task(Task.STANDARD)
    assert len(standards) == 18
    curve = next(c for c in run.reported_curves if c.target == "CAR")
    x = np.log10([w.quantity for w in standards if w.cq])
    slope = np.polyfit(x, [w.cq for w in standards if w.cq], 1)[0]
    assert curve.slope == pytest.approx(slope, abs=1e-4)


def test_low_copies_of_the_patient_include_non_detects(small_study):
    run = read_file(small_study / "raw" / "qpcr" / "P01_CAR_ALB.txt")
    late = [w for w in run.table.of("CAR").wells if w.sample == "P01_d360"]
    assert any(w.cq is None for w in late)
    truth = [r for r in rows(small_study / "truth" / "copies.csv") if r["donor"] == "P01"]
    assert float(truth[-1]["copies_per_well"]) < 1
    events = [r["event"] for r in rows(small_study / "events.csv")]
    assert "infusion" in events
    assert "lenalidomide start" in events


def test_the_log_gives_back_the_true_growth(small_study, small_design):
    """Cells over the product of kept fractions: off only by what splits err, 1 % each."""
    truth = rows(small_study / "truth" / "samples.csv")
    log = rows(small_study / "culture.csv")
    for donor in ("D1", "D2"):
        kept = 1.0
        for day in small_design.days:
            where = (donor, "C", str(day))
            true = next(r for r in truth if (r["donor"], r["arm"], r["day"]) == where)
            cumulative = float(true["cart_total"]) / kept
            assert cumulative == pytest.approx(float(true["cumulative_cart"]), rel=0.04)
            handled = next(
                r for r in log if (r["donor"], r["arm"], r["day"]) == where and r["kept_fraction"]
            )
            kept *= float(handled["kept_fraction"])


def test_lenalidomide_does_what_the_design_says():
    design = Design(donors=40, growth_effect=0.06, ratio_effect=0.045)
    cultures = simulate_cultures(design, np.random.default_rng(1))

    def effect(value):
        slopes = {}
        for arm in design.arms:
            for donor in design.donor_names:
                course = [c for c in cultures if (c.donor, c.arm) == (donor, arm)]
                days = [c.day for c in course]
                slope = np.polyfit(days, np.log([value(c) for c in course]), 1)[0]
                slopes.setdefault(arm, []).append(slope)
        return np.mean(slopes["C+Len"]) - np.mean(slopes["C"])

    assert effect(lambda c: c.cd4_cd8_ratio) == pytest.approx(0.045, abs=0.005)
    # CAR-T cells gain the designed rate, less what a shifting CD4 share takes
    assert effect(lambda c: c.cumulative_cart) == pytest.approx(0.06, abs=0.006)


def test_the_same_seed_writes_the_same_files(tmp_path):
    design = Design(donors=1, days=(0, 2), n_events=200, panels=("count",), with_patient=False)
    for name in ("one", "other"):
        write_study(tmp_path / name, design)
    for path in sorted((tmp_path / "one").rglob("*.fcs")):
        other = tmp_path / "other" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()
    names = [p.name for p in (tmp_path / "one").iterdir()]
    assert "patients.csv" not in names
