"""Wells taken out and samples rejected: what follows from it in a whole study."""

from pathlib import Path

import pytest

from labproc.errors import StoreError, UnknownName
from labproc.model import Severity
from labproc.pipeline.omit import omit_wells
from labproc.pipeline.results import Results
from labproc.pipeline.review import audit_rows, decide
from labproc.pipeline.runner import load_results, run_study
from labproc.pipeline.verify import verify_study
from labproc.simulate import Design, write_study
from labproc.store import Store
from labproc.store.signatures import sign, withdraw
from labproc.study import load_study

DESIGN = Design(donors=1, days=(0, 2, 4), panels=("car", "count"), n_events=2_000,
                with_patient=False)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_study(tmp_path, DESIGN)
    run_study(tmp_path, hold=(), workers=1)
    return tmp_path


def copies(results: Results) -> dict[str, float | None]:
    return {m.key.label: m.value for m in results.of("copies_per_ug")}


def test_a_well_taken_out_moves_the_curve_and_its_copies_and_comes_back(folder: Path) -> None:
    before = load_results(folder)
    plate = before.plates[0]
    sha256 = plate.source.sha256
    standard = next(p for p in plate.standards if p.target == "CAR" and p.cq is not None)
    well = f"CAR:{standard.position}"
    after = omit_wells(folder, sha256, [well], who="ann", reason="bubble in the well")
    curve = {c.target: c for c in after.plates[0].curves}
    assert curve["CAR"].n_points == {c.target: c for c in plate.curves}["CAR"].n_points - 1
    assert copies(after) != copies(before)
    named = [m for m in after.of("copies_per_ug") if m.source.sha256 == sha256]
    assert all(m.version.endswith(f"; left out: {well} v1") for m in named)
    assert any("bubble in the well (ann)" in f.message for f in after.plates[0].flags)
    assert after.omissions[sha256][well].omitted
    back = omit_wells(folder, sha256, [well], who="ann", reason="it was A2", omitted=False)
    assert copies(back) == copies(before)
    assert verify_study(folder).problems == ()
    mine = [(r["old"], r["new"]) for r in audit_rows(folder) if r["who"] == "ann"]
    assert mine == [("", f"omitted {well}"), (f"omitted {well}", f"restored {well}")]


@pytest.mark.parametrize(
    ("wells", "message"), [(["Z9"], "no well 'Z9'"), (["CAT:A1"], "did you mean"), ([], "no well")]
)
def test_a_well_that_is_not_there_is_refused(folder: Path, wells: list[str], message: str) -> None:
    sha256 = load_results(folder).plates[0].source.sha256
    with pytest.raises(UnknownName, match=message):
        omit_wells(folder, sha256, wells, who="ann", reason="bubble")


def test_a_rejected_sample_stays_in_the_tables_and_leaves_the_curves(folder: Path) -> None:
    before = load_results(folder)
    tube = next(t for t in before.tubes if t.key.panel == "count" and t.key.day == 4)
    decide(folder, tube.source.sha256, "rejected", who="ann", reason="clogged")
    after = load_results(folder)
    kept = next(t for t in after.tubes if t.source.sha256 == tube.source.sha256)
    assert kept.review == "rejected"
    mine = [m for m in after.measurements if m.source == tube.source]
    assert mine
    assert {m.severity for m in mine} == {Severity.FAIL}
    assert {m.metric for m in mine} >= {"cells_per_ul", "viability"}
    grown = {(m.key.culture, m.key.day) for m in after.of("cumulative_cart")}
    assert (tube.key.culture, 4) not in grown
    assert [t.estimate for t in after.trends] != [t.estimate for t in before.trends]
    assert verify_study(folder).problems == ()
    decide(folder, tube.source.sha256, "reopened", who="ann", reason="second look")
    assert [t.estimate for t in load_results(folder).trends] == [t.estimate for t in before.trends]


def test_a_signed_run_is_locked_until_the_signature_is_withdrawn(folder: Path) -> None:
    plate = load_results(folder).plates[0]
    with Store.open(load_study(folder).store_url) as store:
        sign(store, plate.source.sha256, "performed", who="ann")
        with pytest.raises(StoreError, match="performed and signed by ann"):
            omit_wells(folder, plate.source.sha256, ["A1"], who="bob", reason="bubble")
        with pytest.raises(StoreError, match="performed and signed by ann"):
            decide(folder, plate.source.sha256, "rejected", who="bob", reason="drift")
        withdraw(store, plate.source.sha256, who="ann", reason="a bubble was seen")
    omit_wells(folder, plate.source.sha256, ["A1"], who="bob", reason="bubble")
