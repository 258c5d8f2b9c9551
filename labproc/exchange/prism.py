"""GraphPad Prism: one Grouped table per figure, and the same numbers as CSV beside it.

Rows are days, data sets are arms, subcolumns are units in the same order in every arm. Values are
on the raw scale; what was not measured is blank.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from labproc.exchange import EXPORTS, Export
from labproc.exchange._text import file_name, xml_text
from labproc.formats.inert import inert
from labproc.model import METRICS, Measurement
from labproc.pipeline.results import Arm, Results

FIGURES = {
    "cart_total": "CAR-T cells per culture",
    "cumulative_cart": "CAR-T cells, cumulative",
    "cumulative_fold": "Fold expansion",
    "cart_per_ul": "CAR-T cells per µL",
    "cd4_cd8_ratio": "CD4 to CD8 ratio",
    "car_fraction": "CAR+ fraction",
    "viability": "Viability",
    "copies_per_ug": "CAR copies per µg DNA",
    "vcn": "Vector copies per diploid genome",
}
"""Metrics that a figure shows, with the title of their table."""

Unit = tuple[str, str, str]  # donor, experiment, replicate


@dataclass(frozen=True, slots=True)
class Grouped:
    """One Grouped table: ``cells[day][arm][unit]``, None where nothing was measured."""

    title: str
    unit: str
    days: tuple[int, ...]
    arms: tuple[Arm, ...]
    units: tuple[Unit, ...]
    cells: tuple[tuple[tuple[float | None, ...], ...], ...]


def write(results: Results, folder: Path) -> list[Path]:
    """Write one ``.pzfx`` with all tables, and a CSV for each."""
    tables = list(grouped_tables(results))
    path = folder / f"{file_name(results.title, default='results')}.pzfx"
    path.write_bytes(pzfx(tables, results.title))
    return [path, *(_write_csv(table, folder) for table in tables)]


def grouped_tables(results: Results) -> Iterator[Grouped]:
    """Yield the Grouped table of every metric that was measured in an arm on a day.

    What several panels measured (viability) gets a table for each.
    """
    for metric, title in FIGURES.items():
        points = _points(results, metric)
        panels = sorted({p.key.panel for p in points})
        for panel in panels:
            named = f"{title}, panel {panel}" if len(panels) > 1 else title
            here = [p for p in points if p.key.panel == panel]
            yield _grouped(named, METRICS[metric], here, results.arms)


def _points(results: Results, metric: str) -> list[Measurement]:
    """Return what was measured of the arms' cultures; a patient's days are not a culture's."""
    arms = {a.name for a in results.arms}
    patients = results.patients
    found = [m for m in results.of(metric) if m.key.role.value == "sample"]
    here = [m for m in found if m.key.arm in arms and m.key.day is not None]
    return [m for m in here if m.key.donor not in patients]


def _grouped(title: str, unit: str, points: Sequence[Measurement], arms: Sequence[Arm]) -> Grouped:
    shown = tuple(sorted((a for a in arms if any(p.key.arm == a.name for p in points)), key=_order))
    days = tuple(sorted({p.key.day for p in points if p.key.day is not None}))
    units = tuple(sorted({_unit(p) for p in points}))
    value = _means(points)
    cells = tuple(
        tuple(tuple(value.get((d, a.name, u)) for u in units) for a in shown) for d in days
    )
    return Grouped(title, unit, days, shown, units, cells)


def _means(points: Sequence[Measurement]) -> dict[tuple[int | None, str, Unit], float]:
    """Return each unit's value by day and arm; the mean where several tubes gave one."""
    found: dict[tuple[int | None, str, Unit], list[float]] = {}
    for point in points:
        if point.value is not None:
            place = (point.key.day, point.key.arm, _unit(point))
            found.setdefault(place, []).append(point.value)
    return {place: sum(values) / len(values) for place, values in found.items()}


def _order(arm: Arm) -> tuple[bool, str]:
    """Put the control first."""
    return (not arm.is_control, arm.name)


def _unit(point: Measurement) -> Unit:
    return (point.key.donor, point.key.experiment, point.key.replicate)


def _unit_name(unit: Unit) -> str:
    return " ".join(part for part in unit if part) or "unit"


def _number(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def _write_csv(table: Grouped, folder: Path) -> Path:
    path = folder / f"{file_name(table.title)}.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        names = [inert(f"{a.label} - {_unit_name(u)}") for a in table.arms for u in table.units]
        writer.writerow([f"Day ({table.unit})", *names])
        for day, row in zip(table.days, table.cells, strict=True):
            writer.writerow([day, *(_number(v) for arm in row for v in arm)])
    return path


def pzfx(tables: Sequence[Grouped], title: str) -> bytes:
    """Return a Prism project: XML as Prism 5 and later read it."""
    from lxml import etree

    root = etree.Element("GraphPadPrismFile", PrismXMLVersion="5.00")
    created = etree.SubElement(root, "Created")
    etree.SubElement(
        created,
        "OriginalVersion",
        CreatedByProgram="labproc",
        CreatedByVersion="1",
        Login="",
        DateTime=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
    )
    info = etree.SubElement(root, "InfoSequence")
    etree.SubElement(info, "Ref", ID="Info0", Selected="1")
    _info(etree, root, tables, title)
    sequence = etree.SubElement(root, "TableSequence")
    for number in range(len(tables)):
        reference = etree.SubElement(sequence, "Ref", ID=f"Table{number}")
        if number == 0:
            reference.set("Selected", "1")
    for number, table in enumerate(tables):
        _table(etree, root, table, number)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return text


def _info(etree, root, tables: Sequence[Grouped], title: str) -> None:  # type: ignore[no-untyped-def]
    """Say what the subcolumns are: Prism has no titles for them in a Grouped table."""
    info = etree.SubElement(root, "Info", ID="Info0")
    etree.SubElement(info, "Title").text = xml_text(title)
    notes = etree.SubElement(info, "Notes")
    lines = [f"{t.title} ({t.unit}): {', '.join(map(_unit_name, t.units))}" for t in tables]
    notes.text = xml_text("Subcolumns in every data set:\n" + "\n".join(lines))


def _table(etree, root, table: Grouped, number: int) -> None:  # type: ignore[no-untyped-def]
    element = etree.SubElement(
        root,
        "Table",
        ID=f"Table{number}",
        XFormat="none",
        YFormat="replicates" if len(table.units) > 1 else "single",
        Replicates=str(len(table.units)),
        TableType="TwoWay",
        EVFormat="AsteriskAfterNumber",
    )
    etree.SubElement(element, "Title").text = xml_text(f"{table.title} ({table.unit})")
    rows = etree.SubElement(element, "RowTitlesColumn", Width="81")
    column = etree.SubElement(rows, "Subcolumn")
    for day in table.days:
        etree.SubElement(column, "d").text = f"Day {day}"
    for position, arm in enumerate(table.arms):
        _data_set(etree, element, table, position, arm)


def _data_set(etree, parent, table: Grouped, position: int, arm: Arm) -> None:  # type: ignore[no-untyped-def]
    n = len(table.units)
    column = etree.SubElement(parent, "YColumn", Width=str(81 * n), Decimals="6", Subcolumns=str(n))
    etree.SubElement(column, "Title").text = xml_text(arm.label)
    for unit in range(n):
        subcolumn = etree.SubElement(column, "Subcolumn")
        for row in table.cells:
            etree.SubElement(subcolumn, "d").text = _number(row[position][unit]) or None


EXPORTS.register("prism")(Export("GraphPad Prism, a Grouped table a figure", write))
