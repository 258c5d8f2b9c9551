"""Real exports against answers that another reader wrote (``../shared/data/qpcr``)."""

import json
import math
from collections import Counter
from pathlib import Path

import pytest

from labproc.formats.content import look
from labproc.model import QpcrRun, ReportedCurve, Task, Well
from labproc.parsers import PARSERS, read_file

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "qpcr"
EXPORTS = [
    p.with_name(p.name.removesuffix(".expected.json")) for p in SHARED.rglob("*.expected.json")
]
CASES = [pytest.param(path, id=path.name) for path in sorted(EXPORTS)]

TASKS = {
    **dict.fromkeys(("UNKNOWN", "Unknown", "unkn", "Unkn"), Task.UNKNOWN),
    **dict.fromkeys(("STANDARD", "Standard", "std", "Std"), Task.STANDARD),
    **dict.fromkeys(("NTC", "ntc", "Neg Ctrl"), Task.NTC),
    **dict.fromkeys(("pos", "POSITIVE_CONTROL"), Task.POSITIVE),
    "IPC": Task.IPC,
}
"""What the words mean that the catalogue explains; the rest is free text."""


@pytest.mark.shared
def test_the_reference_data_are_there(shared):
    assert len(EXPORTS) >= 41
    assert (shared / "data" / "qpcr") == SHARED


@pytest.mark.shared
@pytest.mark.parametrize("path", CASES)
def test_one_parser_knows_a_real_export(path):
    content = look(path)
    assert len([n for n, p in PARSERS.items() if p.sniff(content)]) == 1


@pytest.mark.shared
@pytest.mark.parametrize("path", CASES)
def test_a_real_export_is_read_as_expected(path):
    expected = json.loads(path.with_name(path.name + ".expected.json").read_text())
    run = read_file(path)
    assert isinstance(run, QpcrRun)
    wells = run.table.wells
    assert run.source.sha256 == expected["sha256"]
    assert counts(run) == {k: expected[k] for k in counts(run)}
    assert sorted(run.table.targets) == sorted(expected["targets"])
    words = Counter(w.task_as_written for w in wells if w.task_as_written)
    assert dict(words) == expected["tasks"]
    assert sum(w.cq or 0.0 for w in wells) == pytest.approx(expected["cq_sum"], abs=1e-3)
    assert [row(w) for w in wells[:5]] == [rounded(r) for r in expected["first_rows"]]
    assert_curves(run.reported_curves, expected.get("reported_curves", []))
    assert len(run.amplification) >= expected.get("n_curves", 0)


@pytest.mark.shared
@pytest.mark.parametrize("path", CASES)
def test_tasks_of_real_exports_mean_one_thing(path):
    run = read_file(path)
    assert isinstance(run, QpcrRun)
    for well in run.table.wells:
        word = well.task_as_written.split("-")[0]
        if word in TASKS:
            assert well.task is TASKS[word]


def counts(run: QpcrRun) -> dict[str, int]:
    wells = run.table.wells
    n_cq = sum(w.cq is not None for w in wells)
    return {
        "n_rows": len(wells),
        "n_cq": n_cq,
        "n_undetermined": len(wells) - n_cq,
        "n_omitted": sum(w.omitted for w in wells),
        "n_quantity": sum(w.quantity is not None for w in wells),
    }


def row(well: Well) -> dict[str, object]:
    return rounded(
        {
            "well": well.position,
            "sample": well.sample or None,
            "target": well.target or None,
            "task": well.task_as_written or None,
            "cq": well.cq,
            "quantity": well.quantity,
        }
    )


def rounded(values: dict[str, object]) -> dict[str, object]:
    return {k: float(f"{v:.10g}") if isinstance(v, float) else v for k, v in values.items()}


def assert_curves(
    found: tuple[ReportedCurve, ...], expected: list[dict[str, float | None]]
) -> None:
    by_target = {c.target: c for c in found}
    assert sorted(by_target) == sorted(str(e["target"]) for e in expected)
    for wanted in expected:
        curve = by_target[str(wanted["target"])]
        for key in ("slope", "intercept", "r_squared"):
            assert getattr(curve, key) == wanted[key]
        percent = wanted["efficiency"]
        assert (curve.efficiency is None) == (percent is None)
        if curve.efficiency is not None and percent is not None:
            assert math.isclose(curve.efficiency, percent / 100, rel_tol=1e-9)


@pytest.mark.shared
def test_lightcycler_96_keeps_the_names_behind_its_identifiers(shared):
    run = read_file(shared / "data" / "qpcr" / "rdml" / "lc96_bACTXY.rdml")
    assert isinstance(run, QpcrRun)
    assert "Sample 39" in run.details.values()


@pytest.mark.shared
def test_curves_of_real_exports_have_their_cycles(shared):
    run = read_file(shared / "data" / "qpcr" / "rdml" / "absolute.rdml")
    assert isinstance(run, QpcrRun)
    assert {len(a.cycles) for a in run.amplification} == {50}
    assert len(run.amplification) == 96
