import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labproc.cli import app
from labproc.errors import LabprocError

TABLE = """patient;Gruppe;sex;os_days;os_event
1;A;m;10,5;1
2;A;f;20;0
3;B;m;30;1
4;B;f;40;0
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "patients.csv"
    path.write_text(TABLE)
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["cohort", *words], standalone_mode=False)


@pytest.mark.shared
def test_json_lines_say_what_the_contract_says(shared: Path) -> None:
    found = run(str(shared / "data/stats/seed_synthetic_cohort.csv"), "--json")
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    sex = next(x for x in lines if x["variable"] == "sex")
    assert {k: sex[k] for k in ("table", "variable", "test", "statistic", "n")} == {
        "table": "characteristics",
        "variable": "sex",
        "test": "fisher",
        "statistic": None,
        "n": [9, 7],
    }
    assert round(sex["p_value"], 4) == 0.6329
    os_ = next(x for x in lines if x["variable"] == "OS")
    assert (os_["table"], os_["test"]) == ("survival", "gehan_breslow_wilcoxon")
    assert round(os_["p_value"], 4) == 0.0254
    assert {x["table"] for x in lines} == {"characteristics", "response", "toxicity", "survival"}


@pytest.mark.shared
def test_people_get_tables(shared: Path) -> None:
    words = run(str(shared / "data/stats/seed_synthetic_cohort.csv")).stdout
    assert "C (n = 9)" in words
    assert "OS, Gehan-Breslow-Wilcoxon: P = 0.0254" in words
    assert "immortal time" in words


def test_options_name_columns(table: Path) -> None:
    found = run(str(table), "--arm", "Gruppe", "--time", "os_days", "--event", "os_event", "--json")
    tests = [json.loads(line) for line in found.stdout.splitlines()]
    log_rank = next(t for t in tests if t["test"] == "log_rank")
    assert log_rank["n"] == [2, 2]
    assert log_rank["arms"] == ["A", "B"]


def test_a_toml_beside_the_table_names_columns(table: Path) -> None:
    table.with_suffix(".toml").write_text(
        '[cohort]\narm = "Gruppe"\ncontrol = "B"\n'
        'survival.OS = { time = "os_days", event = "os_event" }\n'
    )
    tests = [json.loads(line) for line in run(str(table), "--json").stdout.splitlines()]
    assert {t["variable"] for t in tests} == {"sex", "OS"}
    assert tests[0]["arms"] == ["B", "A"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no column of arms"),
        (["--arm", "Grupe"], "did you mean 'Gruppe'"),
        (["--arm", "Gruppe", "--landmark", "-3"], "expected a day of 0 or more"),
        (["--arm", "Gruppe", "--roles", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_what_is_wrong_is_one_line(table: Path, words: list[str], message: str) -> None:
    found = run(str(table), *words)
    assert isinstance(found.exception, LabprocError)
    assert message in str(found.exception)
    assert found.exception.exit_code == 2


COPIES = """patient;day;copies_per_ug;lloq
1;28;100;50
2;28;400;50
3;28;800;50
4;28;3200;50
4;91;;50
"""


def test_copies_are_compared_at_visits(table: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies.csv"
    copies.write_text(COPIES)
    found = run(str(table), "--arm", "Gruppe", "--copies", str(copies), "--json")
    tests = {t["variable"]: t for t in map(json.loads, found.stdout.splitlines())}
    month = tests["copies at month 1"]
    # geometric means 200 and 1600 of two patients each
    assert month["estimate"] == pytest.approx(8.0)
    assert month["n"] == [2, 2]
    assert tests["peak copies"]["p_value"] is None  # no schedule for a peak
    assert tests["peak copies"]["flags"][0]["code"] == "nothing_to_compare"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("patient;day;copies_per_ug\n9;28;100\n", "patient '9' is not in patients.csv"),
        ("patient;day;copies_per_ug\n1;28;many\n", "copies_per_ug: 'many', expected a number"),
        ("patient;day;copies_per_ug\n1;28;-5\n", "copies_per_ug: -5, expected 0 or more"),
        ("patient;day\n1;28\n", "expected patient, day and copies_per_ug"),
    ],
)
def test_copies_that_cannot_be_read_are_said(
    table: Path, tmp_path: Path, rows: str, message: str
) -> None:
    copies = tmp_path / "copies.csv"
    copies.write_text(rows)
    found = run(str(table), "--arm", "Gruppe", "--copies", str(copies))
    assert message in str(found.exception)


def test_a_workbook_is_read_like_a_text_table(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "patients.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("patients")
    for i, cells in enumerate(TABLE.replace(",", ".").splitlines()):
        for j, cell in enumerate(cells.split(";")):
            number = cell.replace(".", "").isdigit()
            sheet.write(i, j, float(cell) if number else cell)
    book.close()
    found = run(str(path), "--arm", "Gruppe", "--json")
    tests = [json.loads(line) for line in found.stdout.splitlines()]
    assert next(t for t in tests if t["test"] == "log_rank")["n"] == [2, 2]
