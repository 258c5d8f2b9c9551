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
    assert "OS, gehan_breslow_wilcoxon: 0.0254" in words
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
