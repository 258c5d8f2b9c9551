"""The patients as rows: comparisons, Table 1 and 2, and the doses that were checked."""

import json
from typing import Any

from labproc.cohort.dosing import DoseFinding
from labproc.cohort.result import CohortTest, TableRow
from labproc.pipeline.cohort_view import CohortView
from labproc.pipeline.flags_text import flags_text

Row = dict[str, Any]
OF_COPIES = ("copies", "timeline")


def cohort_tables(view: CohortView | None) -> dict[str, list[Row]]:
    """Return ``cohort``, ``cohort_table`` and ``dosing``, empty where there are no patients."""
    if view is None:
        return {"cohort": [], "cohort_table": [], "dosing": []}
    return {
        "cohort": [test_row(t, view) for t in view.tests],
        "cohort_table": [row for r in view.rows for row in table_rows(r, view)],
        "dosing": [dose_row(d, view) for d in view.doses],
    }


def test_row(test: CohortTest, view: CohortView) -> Row:
    """Return one line of ``cohort.csv``; ``sha256`` is of the sheets and files it rests on."""
    low, high = test.ci or (None, None)
    return {
        "table": test.table,
        "variable": test.variable,
        "test": test.test,
        "arms": "; ".join(test.arms),
        "n": "; ".join(map(str, test.n)),
        "statistic": test.statistic,
        "p_value": test.p_value,
        "effect": test.effect,
        "estimate": test.estimate,
        "ci_low": low,
        "ci_high": high,
        "landmark": test.landmark,
        "details": _details(test),
        "flags": flags_text(test.flags),
        "sha256": _behind(test, view),
    }


def _details(test: CohortTest) -> str:
    if not test.details:
        return ""
    return json.dumps(dict(test.details), ensure_ascii=False, sort_keys=True)


def _behind(test: CohortTest, view: CohortView) -> str:
    if test.table not in OF_COPIES:
        return view.sha256
    raw = {m.source.sha256 for m in view.copies if m.source}
    return " ".join(sorted(raw | {view.sha256}))


def table_rows(row: TableRow, view: CohortView) -> list[Row]:
    """Return one line of ``cohort_table.csv`` for every arm of a level."""
    test = view.test(row.table, row.variable)
    return [
        {
            "table": row.table,
            "variable": row.variable,
            "level": row.level,
            "arm": arm,
            "cell": cell,
            "p_value": test.p_value if test else None,
            "test": test.test if test else "",
            "sha256": view.sha256,
        }
        for arm, cell in zip(view.arms, row.cells, strict=True)
    ]


def dose_row(one: DoseFinding, view: CohortView) -> Row:
    """Return one line of ``dosing.csv``: looking back, not advice."""
    agrees = "" if one.agrees is None else "yes" if one.agrees else "no"
    return {
        "patient": one.patient,
        "day": one.day,
        "foreseen_mg": one.foreseen_mg,
        "given_mg": one.given_mg,
        "agrees": agrees,
        "reason": one.reason,
        "sha256": view.doses_sha256,
    }
