"""The user's release table: what it may say, and every mistake with its line."""

from pathlib import Path

import pytest

from labproc.errors import StudyError
from labproc.model import SampleKey, Specification
from labproc.study import Study, load_study

STUDY = """\
[study]
control = "C"
[arms.C]
aliases = ["ctrl"]
[arms."C+Len"]
[panels.car]
strategy = "car_t"
"""
HEAD = "metric,parent,panel,day,low,high,expected,unit\n"


def study(folder: Path, *lines: str, more: str = "", measured: str = "") -> Study:
    (folder / "study.toml").write_text(STUDY + more, encoding="utf-8")
    if lines:
        (folder / "release.csv").write_text(HEAD + "\n".join(lines), encoding="utf-8")
    if measured:
        (folder / "measured.csv").write_text(measured, encoding="utf-8")
    return load_study(folder)


def test_a_line_is_read_with_the_words_of_the_bench(tmp_path: Path) -> None:
    found = study(
        tmp_path,
        "transduction,Live,car,last,20,80,,%",
        "purity,,,d14,90,,,%",
        'CD4:CD8,,,14,"0,5",4,,',
        "VCN,,,every,,5,,copies/cell",
    ).release
    assert found == (
        Specification("CAR+", "last", 20.0, 80.0, "", "%", "Live", "car", title="transduction"),
        Specification("T cells", 14, 90.0, None, "", "%", "Live", title="purity"),
        Specification("cd4_cd8_ratio", 14, 0.5, 4.0, "", "ratio", title="CD4:CD8"),
        Specification("vcn", "every", None, 5.0, "", "copies/cell", title="VCN"),
    )
    assert [s.where for s in found] == [f"release.csv, line {k}" for k in (2, 3, 4, 5)]


def test_the_table_may_stand_in_study_toml(tmp_path: Path) -> None:
    more = '[[release]]\nmetric = "viability"\nday = 14\nlow = 70\nunit = "%"\n'
    found = study(tmp_path, more=more).release
    assert found == (Specification("Live", 14, 70.0, unit="%", title="viability"),)
    assert found[0].where == "study.toml, line 8"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (",,,14,20,,,%", "release.csv, line 2: no metric"),
        ("viability,,,14,,,,%", "line 2: viability has no limit, expected low, high or both"),
        ("viability,,,14,90,70,,%", "low is 90, high is 70, expected low below high"),
        ("viability,,,14,0.7,,,", "no unit for Live, expected % or fraction"),
        ("viability,,,14,70,,,fraction", "low is 70, expected 0 to 1"),
        ("viability,,,14,170,,,%", "low is 170, expected 0 to 100"),
        ("viability,,,soon,70,,,%", "day is 'soon', expected a whole day, 'last' or 'every'"),
        ("viability,,,,70,,,%", "no day, expected a whole day"),
        ("viability,,cra,14,70,,,%", "no panel is called 'cra'; did you mean 'car'"),
        ("vcn,,,14,,5,,percent", "unit is 'percent' for vcn, expected copies/diploid genome or"),
        ("vcn,,,14,,five,,", "high is 'five', expected a number"),
        ("vcn,,,14,,5,negative,", "vcn has limits and expected = 'negative', expected one"),
    ],
)
def test_a_wrong_line_is_refused_where_it_stands(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(StudyError) as caught:
        study(tmp_path, line)
    assert message in str(caught.value)
    assert "release.csv, line 2" in str(caught.value)


def test_a_wrong_table_of_study_toml_is_refused_with_its_own_line(tmp_path: Path) -> None:
    one = '[[release]]\nmetric = "viability"\nday = 14\nlow = 70\nunit = "%"\n'
    with pytest.raises(StudyError, match=r"study.toml, line 13: viability has no limit"):
        study(tmp_path, more=one + '[[release]]\nmetric = "viability"\nday = 7\nunit = "%"\n')
    with pytest.raises(StudyError, match=r"study.toml, line 15: no setting is called 'release.1"):
        study(tmp_path, more=one + '[[release]]\nmetric = "vcn"\nlowest = 7\nday = 3\n')


def test_one_line_twice_and_two_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"line 3: says the same as release.csv, line 2"):
        study(tmp_path, "vcn,,,14,,5,,", "vcn,,,14,,5,,")
    more = '[[release]]\nmetric = "vcn"\nday = 14\nhigh = 5\n'
    with pytest.raises(StudyError, match="two release tables"):
        study(tmp_path, "vcn,,,14,,5,,", more=more)


MEASURED = "measure,donor,arm,day,value,unit,source\n"


def test_measures_from_elsewhere_are_read(tmp_path: Path) -> None:
    text = MEASURED + "sterility,D1,ctrl,14,negative,,report 7\nendotoxin,D1,C,14,<0.5,EU/mL,\n"
    found = study(tmp_path, "sterility,,,14,,,negative,", "Endotoxin,,,14,,1,,", measured=text)
    first, second = found.outside
    assert (first.key, first.value) == (SampleKey("D1", "", "C", 14), "negative")
    assert (second.value, second.ci_low, second.ci_high) == ("<0.5", 0.0, 0.5)
    assert second.source == "measured.csv, line 3"
    assert [(s.metric, s.unit) for s in found.release] == [
        ("sterility", ""), ("endotoxin", "EU/mL"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("vcn,D1,C,14,2,,", "'vcn' is measured by labproc, expected another name"),
        ("sterility,,C,14,negative,,", "no donor"),
        ("sterility,D1,C,,negative,,", "no day"),
        ("sterility,D1,X,14,negative,,", "arm is 'X'"),
        ("endotoxin,D1,C,14,1 of 2,EU/mL,", "value is '1 of 2', expected a number"),
    ],
)
def test_a_wrong_measure_is_refused_where_it_stands(
    tmp_path: Path, line: str, message: str
) -> None:
    with pytest.raises(StudyError) as caught:
        study(tmp_path, measured=MEASURED + line)
    assert "measured.csv, line 2" in str(caught.value)
    assert message in str(caught.value)


def test_the_documented_example_can_be_used(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs/how-to/release.md"
    head, *lines = page.read_text(encoding="utf-8").split("```")[1].strip().splitlines()
    assert f"{head}\n" == HEAD
    assert len(study(tmp_path, *lines).release) == len(lines) == 8


def test_a_word_may_be_expected_before_it_was_measured(tmp_path: Path) -> None:
    (found,) = study(tmp_path, "sterility,,,last,,,negative,").release
    assert found == Specification("sterility", "last", expected="negative", title="sterility")
