"""FlowJo's table as a browser sends it: read first, kept whole, nothing lost, recorded."""

import hashlib
import io
from pathlib import Path

import pytest
import xlsxwriter

from labproc.errors import StudyError
from labproc.exchange._flowjo_keep import MOST_BYTES, keep_flowjo_table
from labproc.exchange._flowjo_table import find_table, read_flowjo_table
from labproc.pipeline.review import audit_rows

HEAD = ",Live/CAR+ | Freq. of Parent"
FIRST = f"{HEAD}\na.fcs,31.25\n".encode()
SECOND = f"{HEAD}\na.fcs,30\nb.fcs,12\n".encode()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text('[study]\ntitle = "FlowJo"\n', encoding="utf-8")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.fcs").write_bytes(b"as the instrument wrote it")
    return tmp_path


def tables(study: Path) -> dict[str, bytes]:
    """Return every file beside study.toml: nothing else may come or go."""
    files = (p for p in study.iterdir() if p.is_file() and p.name != "study.toml")
    return {p.name: p.read_bytes() for p in files}


def uploads(study: Path) -> list[dict[str, str]]:
    return [row for row in audit_rows(study) if row["action"] == "flowjo table kept"]


def workbook() -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["", "Live/CAR+ | Freq. of Parent"])
        sheet.write_row(1, 0, ["a.fcs", 31.25])
    return held.getvalue()


def test_a_table_is_kept_where_the_comparison_looks_and_recorded(study: Path) -> None:
    kept = keep_flowjo_table(study, "Table 7.csv", FIRST, who="ada")
    assert (kept.name, kept.n_values, kept.earlier) == ("flowjo.csv", 1, "")
    assert find_table(study) == study / "flowjo.csv"
    assert tables(study) == {"flowjo.csv": FIRST}
    (row,) = uploads(study)
    assert (row["who"], row["subject"], row["old"]) == ("ada", "flowjo.csv", "")
    assert row["at"]
    assert f"'Table 7.csv', sha256 {hashlib.sha256(FIRST).hexdigest()}" in row["new"]
    assert (study / "raw" / "a.fcs").read_bytes() == b"as the instrument wrote it"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (FIRST, "flowjo.csv"),
        (FIRST.replace(b",", b"\t"), "flowjo.txt"),
        (workbook(), "flowjo.xlsx"),
    ],
)
def test_a_table_is_called_by_what_it_holds(study: Path, content: bytes, name: str) -> None:
    assert keep_flowjo_table(study, "anything.pdf", content, who="ada").name == name
    assert [v.fraction for v in read_flowjo_table(study / name)] == [0.3125]


def test_another_content_sets_the_earlier_one_aside(study: Path) -> None:
    keep_flowjo_table(study, "one.csv", FIRST, who="ada")
    book = workbook()
    kept = keep_flowjo_table(study, "two.xlsx", book, who="bob")
    aside = f"flowjo.earlier-{hashlib.sha256(FIRST).hexdigest()[:12]}.csv"
    assert kept.earlier == aside
    assert tables(study) == {"flowjo.xlsx": book, aside: FIRST}
    assert find_table(study) == study / "flowjo.xlsx"
    assert uploads(study)[1]["old"] == f"{hashlib.sha256(FIRST).hexdigest()}, now {aside}"
    keep_flowjo_table(study, "three.csv", SECOND, who="bob")
    assert set(tables(study).values()) == {FIRST, book, SECOND}


def test_the_same_content_again_changes_and_records_nothing(study: Path) -> None:
    keep_flowjo_table(study, "one.csv", FIRST, who="ada")
    again = keep_flowjo_table(study, "copy of one.csv", FIRST, who="bob")
    assert not again.is_new
    assert tables(study) == {"flowjo.csv": FIRST}
    assert len(uploads(study)) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"empty \(0 bytes\)"),
        (b"Well,Cq\nA1,25\n", r"no column of percentages \(has: 'Well', 'Cq'\), expected headings"),
        (FIRST.replace(b"31.25", b"131"), r"line 2: .* is '131', expected a percentage, 0 to 100"),
        (b"FCS3.1" + bytes(200), "neither text nor a workbook"),
        (
            FIRST + b" " * MOST_BYTES,
            r"5\.0 MB, expected FlowJo's table of statistics, at most 5 MB",
        ),
    ],
)
def test_what_is_no_table_of_flowjos_is_refused_and_leaves_nothing(
    study: Path, content: bytes, message: str
) -> None:
    keep_flowjo_table(study, "good.csv", FIRST, who="ada")
    with pytest.raises(StudyError, match=f"^Table 7.csv.*{message}") as told:
        keep_flowjo_table(study, "Table 7.csv", content, who="ada")
    assert "\n" not in str(told.value)
    assert tables(study) == {"flowjo.csv": FIRST}
    assert len(uploads(study)) == 1


@pytest.mark.parametrize(
    "name",
    ["../../raw/a.fcs", "..\\study.toml", "/etc/cron.d/x", "con", "=cmd|' /C calc'!A0", "\x00"],
)
def test_a_hostile_name_is_never_a_path(study: Path, name: str) -> None:
    settings = (study / "study.toml").read_bytes()
    before = {p for p in study.parent.rglob("*") if "results" not in p.parts}
    keep_flowjo_table(study, name, FIRST, who="ada")
    after = {p for p in study.parent.rglob("*") if "results" not in p.parts}
    assert after - before == {study / "flowjo.csv"}
    assert (study / "study.toml").read_bytes() == settings
    (row,) = uploads(study)
    assert "/" not in row["new"].partition(", sha256")[0]


def test_a_disk_that_fails_leaves_the_earlier_table(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_flowjo_table(study, "one.csv", FIRST, who="ada")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device", str(target))

    with monkeypatch.context() as failing:
        failing.setattr(Path, "replace", full)
        with pytest.raises(Exception, match="the disk is full"):
            keep_flowjo_table(study, "two.csv", SECOND, who="ada")
    assert tables(study) == {"flowjo.csv": FIRST}
    assert len(uploads(study)) == 1
