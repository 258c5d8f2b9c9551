"""Results as rows: the tables under ``results/tables`` and in the store."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from labproc.formats.drafts import clean_drafts, write_whole
from labproc.formats.inert import inert
from labproc.model import Measurement
from labproc.pipeline.cohort_tables import cohort_tables
from labproc.pipeline.limits import limits_row
from labproc.pipeline.results import Results
from labproc.pipeline.sample_tables import (
    copy_rows,
    curve_rows,
    file_row,
    measurement_row,
    population_rows,
    release_row,
)
from labproc.pipeline.trend_tables import Culture, comparison_row, course, trend_row
from labproc.store import columns_of

Row = dict[str, Any]

COUNT_METRICS = frozenset(
    {
        "cells_per_ul",
        "cart_per_ul",
        "cart_cd4_per_ul",
        "cart_cd8_per_ul",
        "cells_total",
        "cart_total",
        "cart_cd4_total",
        "cart_cd8_total",
    }
)


def all_tables(results: Results) -> dict[str, list[Row]]:
    """Return every table of a study, rows in a fixed order."""
    measured = sorted(results.measurements, key=lambda m: (m.key.order, m.metric))
    tubes = sorted(results.tubes, key=lambda t: (t.key.order, t.source.path))
    plates = sorted(results.plates, key=lambda p: (p.source.path, p.source.sha256))
    files = sorted(results.files, key=lambda f: (f.path, f.sha256))
    sources = [*(t.source for t in tubes), *(p.source for p in plates)]
    courses: dict[tuple[Culture, str], list[Measurement]] = defaultdict(list)
    for m in measured:  # each trend then looks at its own, not at all
        courses[m.key.culture, m.metric].append(m)
    instruments = {s.sha256: s.instrument or "" for s in sources}
    tables = {
        "files": [file_row(f, instruments.get(f.sha256, "")) for f in files],
        "populations": [row for t in tubes for row in population_rows(t)],
        "counts": [measurement_row(m) for m in measured if m.metric in COUNT_METRICS],
        "curves": [row for p in plates for row in curve_rows(p)],
        "limits": [limits_row(x) for x in results.limits.values()],
        "copies": [row for p in plates for row in copy_rows(p)],
        "measurements": [measurement_row(m) for m in measured],
        "trends": [trend_row(t, courses[course(t)]) for t in results.trends],
        "comparisons": [comparison_row(c, measured) for c in results.comparisons],
        **cohort_tables(results.cohort),
        "release": [release_row(r) for r in results.release],
    }
    return {name: [_known(row) for row in rows] for name, rows in tables.items()}


def _known(row: Row) -> Row:
    """Return a row whose numbers are numbers: what could not be computed is left empty."""
    return {k: None if isinstance(v, float) and not isfinite(v) else v for k, v in row.items()}


def write_tables(tables: Mapping[str, Sequence[Row]], folder: Path) -> None:
    """Write every table as CSV: each to a temporary name first, so that none is ever half there."""
    folder.mkdir(parents=True, exist_ok=True)
    clean_drafts(folder)
    for name, rows in tables.items():
        columns = columns_of(name)
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row[column]) for column in columns] for row in rows)
        write_whole(folder / f"{name}.csv", text.getvalue())


def _cell(value: Any) -> Any:
    return "" if value is None else inert(value)
