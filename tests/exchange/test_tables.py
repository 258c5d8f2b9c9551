"""Tables as CSV, Excel and Parquet, read back with what their users use."""

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from labproc.exchange import EXPORTS
from labproc.pipeline.tables import all_tables

FORMULA = '=HYPERLINK("http://example.org","click")'


def cells(sheet):
    return [c for row in sheet.iter_rows() for c in row if c.value is not None]


def test_every_table_becomes_a_csv_that_no_spreadsheet_runs(results, out):
    paths = EXPORTS.get("csv").write(results, out)
    assert {p.stem for p in paths} == set(all_tables(results))
    table = pd.read_csv(out / "measurements.csv", keep_default_na=False, dtype=str)
    assert len(table) == len(results.measurements)
    for column in table:
        assert not table[column].str.startswith(("=", "+", "@", "\t")).any()
    assert f"'{FORMULA}" in set(table["donor"])
    assert float(table.loc[table.metric == "cd4_cd8_ratio", "value"].iloc[0]) == 1.5


@pytest.fixture
def book(results, out):
    (path,) = EXPORTS.get("xlsx").write(results, out)
    assert path.name == "CAR-T_cells_with_without_len.xlsx"
    return openpyxl.load_workbook(path)


def test_a_sheet_for_each_table(book, results):
    assert book.sheetnames == ["about", *all_tables(results)]
    sheet = book["measurements"]
    assert sheet.max_row == len(results.measurements) + 1
    assert sheet.freeze_panes == "A2"


def test_nothing_in_the_workbook_is_a_formula_or_a_link(book):
    assert all(c.data_type != "f" for name in book.sheetnames for c in cells(book[name]))
    assert all(not book[name]._hyperlinks for name in book.sheetnames)
    assert FORMULA in {c.value for c in cells(book["measurements"])}  # whole, as text


def test_numbers_are_numbers_and_what_is_missing_is_empty(book):
    sheet = book["measurements"]
    head = [c.value for c in sheet[1]]
    rows = [dict(zip(head, (c.value for c in row), strict=True)) for row in sheet.iter_rows(2)]
    ratio = next(r for r in rows if r["metric"] == "cd4_cd8_ratio")
    assert ratio["value"] == 1.5
    assert ratio["day"] == 0
    lost = next(r for r in rows if r["metric"] == "car_fraction")
    assert lost["value"] is None
    assert lost["flags"].startswith("review low_separation: =HYPERLINK")


def test_the_first_sheet_says_what_the_numbers_rest_on(book):
    about = {(row[0].value, row[1].value) for row in book["about"].iter_rows()}
    assert ("version", "labproc 0.1.0") in about
    assert ("audit head", "d" * 64) in about
    assert ("arm", "C: Control") in about


def test_parquet_keeps_types(results, out):
    paths = EXPORTS.get("parquet").write(results, out)
    assert {p.stem for p in paths} == set(all_tables(results))
    table = pq.read_table(out / "measurements.parquet")
    assert str(table.schema.field("value").type) == "double"
    assert str(table.schema.field("day").type) == "int64"
    frame = table.to_pandas()
    assert frame.loc[frame.metric == "car_fraction", "value"].isna().all()
    assert pq.read_table(out / "comparisons.parquet").schema.field("planned").type == "bool"


def test_empty_tables_keep_their_columns(results, out):
    from dataclasses import replace

    empty = replace(results, plates=(), measurements=(), trends=(), comparisons=(), files=())
    for name in ("csv", "xlsx", "parquet"):
        EXPORTS.get(name).write(empty, out)
    assert "copies_per_well" in pd.read_csv(out / "copies.csv").columns
    assert "copies_per_well" in pq.read_table(out / "copies.parquet").column_names
