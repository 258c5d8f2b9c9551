"""MIFlowCyt, MIQE and TREND: what the results already answer, and what only the authors know."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from labproc.cohort.words import line_of
from labproc.exchange import EXPORTS, Export
from labproc.formats.inert import inert
from labproc.pipeline.results import Results
from labproc.wording import any_counted, counted

YOURS = "to be filled in by the authors"
"""Stands where no file can know the answer."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist: what it asks, and how the results answer it."""

    standard: str
    item: str
    asks: str
    answer: Callable[[Results], str]


def _nothing(_: Results) -> str:
    return ""


def _listed(words: Iterable[object], most: int = 12) -> str:
    found = sorted({str(w) for w in words if w not in (None, "")})
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return "; ".join(found[:most]) + more


def _flow_dates(results: Results) -> str:
    dates = [t.source.acquired_at.date() for t in results.tubes if t.source.acquired_at]
    return f"{min(dates)} to {max(dates)}" if dates else ""


def _samples(results: Results) -> str:
    keys = [t.key for t in results.tubes]
    donors, days = {k.donor for k in keys if k.donor}, {k.day for k in keys if k.day is not None}
    count = f"{counted(len(donors), 'donor')}, {counted(len(days), 'day')}"
    return f"{count}, arms {_listed(k.arm for k in keys)}"


def _files(results: Results) -> str:
    return f"{counted(len(results.tubes), 'file')} by SHA-256"


def _gates(results: Results) -> str:
    return _listed(f"{g.population} ({g.method})" for t in results.tubes for g in t.gates)


def _controls(results: Results) -> str:
    said = []
    for population in ("CAR+", "Live"):
        gates = [g for t in results.tubes for g in t.gates if g.population == population]
        held = sum(bool(g.control_name) for g in gates)
        if held or (gates and population == "CAR+"):
            said.append(
                f"{population} gated against a control in {held} of {counted(len(gates), 'tube')}"
            )
    return "; ".join(said)


def _curves(results: Results) -> str:
    return _listed(
        f"{c.target}: slope {c.slope:.3f}, efficiency {100 * c.efficiency:.1f} %"
        + (f", R² {c.r_squared:.4f}" if c.r_squared is not None else "")
        for p in results.plates
        for c in p.curves
    )


def _ranges(results: Results) -> str:
    return _listed(
        f"{c.target}: {10 ** c.log10_range[0]:.3g} to {10 ** c.log10_range[1]:.3g} copies"
        for p in results.plates
        for c in p.curves
        if c.log10_range is not None
    )


def _limit(results: Results) -> str:
    limit = results.lloq_copies_per_ug
    return f"LLOQ {limit:.3g} copies/µg DNA" if limit is not None else ""


def _acceptance(results: Results) -> str:
    rows = [r for p in results.plates for r in p.acceptance]
    passed = sum(r.verdict == "pass" for r in rows)
    return f"{passed} of {len(rows)} acceptance rules passed" if rows else ""


def _replicates(results: Results) -> str:
    wells = {s.n_wells for p in results.plates for s in p.samples}
    return f"{any_counted(wells, 'well')} a sample" if wells else ""


def _methods(start: str) -> Callable[[Results], str]:
    def find(results: Results) -> str:
        return next((m for m in results.methods if m.startswith(start)), "")

    return find


def _planned(results: Results) -> str:
    return _listed(c.outcome for c in results.comparisons if c.planned)


def _exploratory(results: Results) -> str:
    return _listed(c.outcome for c in results.comparisons if not c.planned)


def _results(results: Results) -> str:
    return " ".join(c.sentence for c in results.comparisons if c.planned and c.day is None)


def _units(results: Results) -> str:
    return _listed(f"{c.unit_of_replication}, n = {c.n}" for c in results.comparisons if c.planned)


def _set_aside(results: Results) -> str:
    lost = [f for f in results.files if f.state in ("set_aside", "not_assigned")]
    return f"{counted(len(results.files), 'file')}, {len(lost)} not used; reasons in files.csv"


def _participants(results: Results) -> str:
    view = results.cohort
    if view is None:
        return ""
    members = view.cohort.members()
    return _listed(f"{arm}: {counted(members.count(arm), 'patient')}" for arm in view.arms)


def _baseline(results: Results) -> str:
    view = results.cohort
    rows = [] if view is None else [t for t in view.tests if t.table == "characteristics"]
    return _listed(
        f"{t.variable} P = {t.p_value:.3g}, n = {t.n}" for t in rows if t.p_value is not None
    )


def _outcomes_of_patients(results: Results) -> str:
    view = results.cohort
    if view is None:
        return ""
    first = [view.test("survival", one.endpoint.name) for one in view.followed]
    return " ".join(line_of(t).partition("\n")[0] + "." for t in first if t is not None)


def _adverse(results: Results) -> str:
    view = results.cohort
    rows = [] if view is None else [t for t in view.tests if t.table == "toxicity"]
    return _listed(f"{t.variable} P = {t.p_value:.3g}" for t in rows if t.p_value is not None)


def _bias(results: Results) -> str:
    view = results.cohort
    flags = [] if view is None else [f for t in view.tests for f in t.flags]
    return " ".join(dict.fromkeys(f"{f.message}." for f in flags if f.code in BIASES))


BIASES = ("immortal_time", "only_survivors")
ITEMS: tuple[Item, ...] = (
    Item("MIFlowCyt", "1.1-1.3", "purpose, keywords, variables", lambda r: r.title),
    Item("MIFlowCyt", "1.4-1.6", "organisation, contact, dates", _flow_dates),
    Item("MIFlowCyt", "2.1", "samples", _samples),
    Item("MIFlowCyt", "2.1", "source and treatment of the cells", _nothing),
    Item("MIFlowCyt", "2.4", "reagents: clones, dyes, lots", _nothing),
    Item(
        "MIFlowCyt",
        "3.1-3.3",
        "instrument",
        lambda r: _listed(t.source.instrument for t in r.tubes),
    ),
    Item("MIFlowCyt", "4.1", "list-mode files", _files),
    Item("MIFlowCyt", "4.2-4.3", "compensation and transformation", _methods("Flow")),
    Item("MIFlowCyt", "4.4", "gates", _gates),
    Item("MIFlowCyt", "4.4", "controls", _controls),
    Item("MIQE", "sample", "collection, storage, extraction, purity", _nothing),
    Item(
        "MIQE", "target", "targets", lambda r: _listed(c.target for p in r.plates for c in p.curves)
    ),
    Item("MIQE", "target", "sequences of primers, probes and amplicons", _nothing),
    Item("MIQE", "protocol", "master mix, volumes, cycling", _nothing),
    Item(
        "MIQE",
        "protocol",
        "instrument",
        lambda r: _listed(p.source.instrument or p.format for p in r.plates),
    ),
    Item("MIQE", "validation", "slope, efficiency, R²", _curves),
    Item("MIQE", "validation", "linear range", _ranges),
    Item("MIQE", "validation", "limit of quantification", _limit),
    Item("MIQE", "validation", "acceptance, no-template controls", _acceptance),
    Item("MIQE", "analysis", "replicates", _replicates),
    Item("MIQE", "analysis", "method", _methods("qPCR")),
    Item("TREND", "2-3", "background, eligibility, setting", _nothing),
    Item("TREND", "4", "interventions", lambda r: _listed(f"{a.name}: {a.label}" for a in r.arms)),
    Item("TREND", "5-6", "objectives and planned outcomes", _planned),
    Item("TREND", "7", "how the sample size was chosen", _nothing),
    Item("TREND", "8-9", "assignment and blinding", _nothing),
    Item("TREND", "10", "unit of analysis", _units),
    Item("TREND", "11", "statistical methods", _methods("Statistics")),
    Item("TREND", "11", "statistical methods for patients", _methods("Patients")),
    Item("TREND", "12", "flow of samples", _set_aside),
    Item("TREND", "12", "flow of participants", _participants),
    Item("TREND", "14-15", "baseline, and whether the groups are equivalent", _baseline),
    Item("TREND", "17", "results of planned outcomes", _results),
    Item("TREND", "17", "outcomes of patients", _outcomes_of_patients),
    Item("TREND", "18", "ancillary analyses, exploratory", _exploratory),
    Item("TREND", "19", "adverse events", _adverse),
    Item("TREND", "20", "sources of bias", _bias),
    Item("TREND", "20-22", "interpretation and generalisability", _nothing),
    Item("all", "software", "programs and versions", _methods("Software")),
)
"""The items a study of cultures and qPCR has to answer, in the order of each standard."""


def write(results: Results, folder: Path) -> list[Path]:
    """Write the three checklists as one table; what no file can know says so."""
    path = folder / "checklists.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("standard", "item", "asks", "answer"))
        for one in ITEMS:
            answer = inert(one.answer(results)) or YOURS
            writer.writerow((one.standard, one.item, one.asks, answer))
    return [path]


EXPORTS.register("checklists")(Export("Reporting checklists: MIFlowCyt, MIQE, TREND", write))
