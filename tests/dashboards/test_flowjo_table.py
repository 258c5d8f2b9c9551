"""FlowJo's table of percentages beside ours: read, matched, and what has no partner said."""

from dataclasses import replace
from pathlib import Path

import pytest

from labproc.errors import StudyError
from labproc.exchange._flowjo_table import (
    beside_ours,
    find_table,
    read_flowjo_table,
    same_parent,
)
from labproc.pipeline.results import Results

# the layout that FlowJo 10's table editor writes: an empty first heading, Mean and SD at the end
TABLE = """\
,Lymphocytes/Single Cells/Live/T cells | Freq. of Parent,Live/CAR+ | Freq. of Parent,Live | Count
{name},61.5,31.25 %,10234
nobody.fcs,10,n/a,3
Mean,35.8,31.3,5118
SD,36.4,,7234
"""


@pytest.fixture
def table(tmp_path: Path, results: Results) -> Path:
    path = tmp_path / "flowjo.csv"
    name = results.tubes[0].source.path.rpartition("/")[2]
    path.write_text(TABLE.format(name=name), encoding="utf-8")
    return path


def test_percentages_of_parent_are_read_and_summaries_left_out(table: Path) -> None:
    found = [(v.file, v.path[-1], v.fraction) for v in read_flowjo_table(table)]
    assert [f[1:] for f in found] == [("T cells", 0.615), ("CAR+", 0.3125), ("T cells", 0.1)]
    assert found[2][0] == "nobody.fcs"


def test_ours_stand_beside_theirs_and_what_has_no_partner_is_said(
    table: Path, results: Results
) -> None:
    values = [v for v in read_flowjo_table(table) if v.path[-1] == "CAR+" or "nobody" in v.file]
    (pair,), lost = beside_ours(results, values)
    assert pair.gate.population == "CAR+"
    assert pair.tube is results.tubes[0]
    assert pair.difference == pytest.approx(pair.gate.fraction - 0.3125)
    assert same_parent(pair) == (pair.gate.parent == "Live")
    assert same_parent(replace(pair, parent=pair.gate.parent.upper()))
    assert not same_parent(replace(pair, parent="Debris"))
    assert lost == [
        "flowjo.csv, line 3: nobody.fcs, Lymphocytes/Single Cells/Live/T cells: "
        "no tube of this study has that file name"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a,b\nx.fcs,3\n",
            r"^flowjo.csv: no column of percentages \(has: 'a', 'b'\), expected headings such as",
        ),
        (",CAR+ | Freq. of Parent\nMean,3\n", "no percentage under its headings, expected a row"),
        (f",CAR+ | Freq. of Parent\n{'x' * 200_000},3\n", "^flowjo.csv: field larger than"),
        (",CAR+ | Freq. of Parent\nx.fcs,many\n", "line 2: .* is 'many', expected a percentage"),
        (",CAR+ | Freq. of Parent\nx.fcs,130\n", "line 2: .* is '130', expected a percentage"),
    ],
)
def test_another_table_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "flowjo.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        read_flowjo_table(path)


@pytest.mark.parametrize("content", [b"FCS3.1 a tube", b"%PDF" + bytes(64), b"PK\x03\x04 no zip"])
def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "flowjo.csv"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=r"^Table 7\.csv: .*expected") as told:
        read_flowjo_table(path, name="Table 7.csv")
    assert "\n" not in str(told.value)


def test_a_table_of_more_rows_than_any_study_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labproc.exchange._flowjo_table.MOST_VALUES", 1)
    path = tmp_path / "flowjo.csv"
    path.write_text(",CAR+ | Freq. of Parent\na.fcs,1\nb.fcs,2\n", encoding="utf-8")
    with pytest.raises(StudyError, match="2 rows of 1 percentages, expected at most 1 in all"):
        read_flowjo_table(path)


def test_a_study_without_the_table_has_none(tmp_path: Path) -> None:
    assert find_table(tmp_path) is None
    (tmp_path / "flowjo.csv").touch()
    assert find_table(tmp_path) == tmp_path / "flowjo.csv"
