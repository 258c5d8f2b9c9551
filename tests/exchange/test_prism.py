"""Prism projects: one Grouped table a figure, units in the same order in both arms."""

import csv
from dataclasses import replace

import pytest
from lxml import etree

from labproc.exchange import EXPORTS
from labproc.exchange.prism import grouped_tables
from labproc.model import Measurement, PatientEvent, SampleKey


def read_pzfx(path):
    """Read a project as Prism does: per table, per data set, its subcolumns of numbers."""
    root = etree.parse(path).getroot()
    assert root.tag == "GraphPadPrismFile"
    assert [r.get("ID") for r in root.find("TableSequence")] == [
        t.get("ID") for t in root.findall("Table")
    ]
    tables = {}
    for table in root.findall("Table"):
        sets = {
            y.findtext("Title"): [
                [None if d.text is None else float(d.text) for d in sub.findall("d")]
                for sub in y.findall("Subcolumn")
            ]
            for y in table.findall("YColumn")
        }
        rows = [d.text for d in table.find("RowTitlesColumn").iter("d")]
        tables[table.findtext("Title")] = (dict(table.attrib), rows, sets)
    return tables


@pytest.fixture
def tables(results, out):
    paths = EXPORTS.get("prism").write(results, out)
    return read_pzfx(next(p for p in paths if p.suffix == ".pzfx"))


def test_rows_are_days_and_data_sets_are_arms_control_first(tables):
    attributes, rows, sets = tables["CAR-T cells per culture (cells)"]
    assert attributes["TableType"] == "TwoWay"
    assert attributes["Replicates"] == "3"
    assert rows == ["Day 0", "Day 2", "Day 4"]
    assert list(sets) == ["Control", "Lenalidomide 10 µmol/L"]


def test_units_stand_in_the_same_order_in_both_arms_and_blanks_stay_blank(tables):
    _, _, sets = tables["CAR-T cells per culture (cells)"]
    # donors in order: the hostile one sorts first, then D1, D2; D2's last treated tube was lost
    assert sets["Control"] == [[1e6, 3e6, 5e6]] * 3
    assert sets["Lenalidomide 10 µmol/L"] == [
        [2e6, 6e6, 10e6], [2e6, 6e6, 10e6], [2e6, 6e6, None]
    ]  # fmt: skip


def test_the_same_numbers_as_csv_with_the_units_named(results, out):
    EXPORTS.get("prism").write(results, out)
    with (out / "CAR-T_cells_per_culture.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = list(csv.reader(file))
    assert head[0] == "Day (cells)"
    assert head[3] == "Control - D2"
    assert rows[2] == ["4", "5000000.0", "5000000.0", "5000000.0", "10000000.0", "10000000.0", ""]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in head)


def test_a_metric_without_values_has_no_table(results):
    titles = {t.title for t in grouped_tables(results)}
    assert titles == {"CAR-T cells per culture", "CD4 to CD8 ratio", "CAR+ fraction"}


def test_controls_and_samples_of_no_arm_stay_out(results):
    patient = Measurement(SampleKey("P01", "", "", 7), "copies_per_ug", 10.0)
    extended = replace(results, measurements=(*results.measurements, patient))
    assert "CAR copies per µg DNA" not in {t.title for t in grouped_tables(extended)}


def test_a_patients_days_do_not_stand_among_the_cultures(results):
    patient = Measurement(SampleKey("P01", "", "C+Len", 90), "copies_per_ug", 10.0)
    events = (PatientEvent("P01", 0, "infusion"),)
    measured = (*results.measurements, patient)
    extended = replace(results, measurements=measured, patient_events=events)
    assert "CAR copies per µg DNA" not in {t.title for t in grouped_tables(extended)}


def test_numbers_keep_every_digit(results):
    exact = Measurement(SampleKey("D1", "", "C", 0), "vcn", 0.1 + 0.2)
    (table,) = [
        t for t in grouped_tables(replace(results, measurements=(exact,))) if "Vector" in t.title
    ]
    assert table.cells == (((0.1 + 0.2,),),)


def test_what_several_panels_measured_gets_a_table_for_each(results):
    rows = [
        Measurement(SampleKey("D1", "", "C", 0, "", panel), "viability", value)
        for panel, value in (("car", 0.8), ("count", 0.9), ("count", 0.94))
    ]
    tables = {t.title: t.cells for t in grouped_tables(replace(results, measurements=tuple(rows)))}
    assert tables["Viability, panel car"] == (((0.8,),),)
    assert tables["Viability, panel count"] == (((pytest.approx(0.92),),),)  # of two tubes
