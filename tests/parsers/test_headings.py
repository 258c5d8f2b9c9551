import pytest

from labproc.formats.grid import Line
from labproc.parsers import read_file
from labproc.parsers._headings import columns_of, fold


def fields(*headings):
    columns = columns_of(Line(1, headings))
    return {n: c[0].heading for n, c in columns.by_field.items() if n != "number"}


@pytest.mark.parametrize(
    "heading",
    [
        "CT", "Ct", "Cт", "C?", "Cq", "Cp", "CP", "CRT", "Crt", "C(t)", "Threshold Cycle (Ct)",
        "Threshold Cycle ( C(t) )", "Ct (dRn)", "Ct (dR)", "CrossingPoint", "Crossing Point",
        "Ct SYBR", "FAM Ct", " cT ", "Cᴛ", "Cq Value", "Quantification Cycle", "Cq (cycles)",
    ],
)  # fmt: skip
def test_every_spelling_of_cq_is_known(heading):
    assert fields("Well", heading)["cq"] == heading


@pytest.mark.parametrize(
    "heading",
    [
        "Ct Mean", "Cq SD", "Ct Threshold", "Automatic Ct Threshold", "Delta Ct", "Delta Delta Ct",
        "ΔCт", "EQ.Ct", "EQ.Ct Mean", "Cq Conf", "Cq Std. Dev", "Rep. Ct", "Avg C(t)",
        "Ct Dev. SYBR",
        "Ct Mean SYBR", "CT Std err", "Cq Confidence", "Amp Status", "Cycle", "CtComment",
    ],
)  # fmt: skip
def test_what_is_derived_from_cq_is_not_taken_for_it(heading):
    assert "cq" not in fields("Well", heading)


def test_the_columns_of_known_layouts():
    assert fields("Pos", "Name", "Cp", "Concentration", "Standard") == {
        "well": "Pos", "sample": "Name", "cq": "Cp", "quantity": "Concentration",
        "given": "Standard",
    }  # fmt: skip
    assert fields("No.", "Name", "Type", "Ct", "Given Conc (ng/ul)", "Calc Conc (ng/ul)") == {
        "well": "No.", "sample": "Name", "task": "Type", "cq": "Ct",
        "given": "Given Conc (ng/ul)", "quantity": "Calc Conc (ng/ul)",
    }  # fmt: skip
    assert fields("Well", "SampleName", "Detector", "Cq", "Starting Quantity (SQ)") == {
        "well": "Well", "sample": "SampleName", "target": "Detector", "cq": "Cq",
        "quantity": "Starting Quantity (SQ)",
    }  # fmt: skip


def test_a_position_is_preferred_to_a_number_and_a_name_to_an_identifier():
    assert fields("Well", "Well Position", "Identifier", "Sample Name", "Ct")["well"] == (
        "Well Position"
    )
    assert fields("Well", "Identifier", "Sample Name", "Ct")["sample"] == "Sample Name"


def test_headings_in_chinese_are_known():
    assert set(fields("孔位", "样品名称", "基因", "任务", "Ct值", "拷贝数")) == {
        "well", "sample", "target", "task", "cq", "quantity",
    }  # fmt: skip


def test_a_samples_name_that_looks_like_a_well_is_not_the_well(tmp_path):
    path = tmp_path / "mx.txt"
    path.write_text("Well\tWell Name\tAssay\tWell Type\tCt (dR)\nA1\tD1\tCAR\tUnknown\t22.5\n")
    wells = read_file(path).table.wells
    assert [(w.position, w.sample) for w in wells] == [("A1", "D1")]


def test_each_dye_keeps_its_columns():
    columns = columns_of(Line(1, ("Pos", "Ct FAM", "Amount FAM", "Ct HEX", "Amount HEX")))
    assert [(c.heading, c.part) for c in columns.all("cq")] == [
        ("Ct FAM", "fam"),
        ("Ct HEX", "hex"),
    ]
    assert columns.index("quantity", "hex") == 4


def test_a_row_with_numbers_is_no_row_of_headings():
    assert columns_of(Line(1, ("Well", "Ct", 20.5))).by_field == {}
    assert columns_of(Line(1, ("Well", "Ct", "20.5"))).by_field == {}


def test_folding_reads_through_look_alikes():
    assert fold("  Cт_Value ") == "ctvalue"
    assert fold("Std. Dev.") == "stddev"
