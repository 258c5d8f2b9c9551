"""The worked example in docs/explanation/paper.md, recomputed line by line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labproc.cohort.contingency import fisher
from labproc.cohort.patients import Patient, read_cohort
from labproc.cohort.roles import find_roles
from labproc.cohort.survival import survival

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "paper.md"
COUNTS = re.compile(
    r"^\| (.+?) \| (\d+)/(\d+) \| (\d+)/(\d+) \| ([\d.]+) \| ([\d.]+) \| (\w+)", re.M
)
LINES = [m.groups() for m in COUNTS.finditer(PAGE.read_text(encoding="utf-8"))]


def test_the_page_holds_both_tables() -> None:
    assert len(LINES) == 21


@pytest.mark.parametrize("line", LINES, ids=[line[0] for line in LINES])
def test_every_p_of_the_page_follows_from_its_counts(line: tuple[str, ...]) -> None:
    k0, n0, k1, n1 = (int(v) for v in line[1:5])
    printed, from_counts, verdict = float(line[5]), float(line[6]), line[7]
    p = fisher(np.array([[k0, n0 - k0], [k1, n1 - k1]])).p_value
    assert p == pytest.approx(from_counts, abs=5.1e-5)
    assert (abs(p - printed) <= 5.1e-4) == (verdict == "agrees")


@pytest.mark.parametrize("missing", [(0, 1), (1, 0), (1, 1), (0, 2), (2, 0)])
def test_no_missing_value_explains_the_printed_creatinine(missing: tuple[int, int]) -> None:
    table = np.array([[2, 7 - missing[0]], [0, 7 - missing[1]]])
    assert fisher(table).p_value != pytest.approx(0.208, abs=5e-4)


def test_age_above_60_would_be_the_table_of_sex_turned_round() -> None:
    age = fisher(np.array([[4, 5], [2, 5]])).p_value
    assert age == pytest.approx(fisher(np.array([[5, 4], [5, 2]])).p_value, rel=1e-12)


@pytest.mark.shared
def test_the_survival_table_of_the_page(rows: Callable[[str], list[dict[str, str]]]) -> None:
    data = rows("seed_synthetic_cohort.csv")
    patients = [Patient(i + 2, row) for i, row in enumerate(data)]
    whole = read_cohort("seed", patients, find_roles(list(data[0])))
    found: dict[Any, float | None] = {
        (t.test, t.landmark): t.p_value for t in survival(whole) if t.variable == "OS"
    }
    page = re.findall(r"^\| ([^|]+) \| (0\.\d{4}) \| [^|]+ \|$", PAGE.read_text("utf-8"), re.M)
    keys = [
        ("gehan_breslow_wilcoxon", None),
        ("log_rank", None),
        ("exact_log_rank", None),
        ("gehan_breslow_wilcoxon", 15.0),
        ("log_rank", 15.0),
        ("cox_time_dependent", None),
        ("cox_firth", None),
        ("restricted_mean_permutation", None),
    ]
    assert len(page) == len(keys)
    for (_, written), key in zip(page, keys, strict=True):
        assert found[key] == pytest.approx(float(written), abs=5.1e-5)


def orders(at_risk: int, deaths: int, left: float = 1.0, told: str = "") -> dict[str, float]:
    """Every order of deaths (D) and early leavers (c) up to the last death, with its survival."""
    if not deaths:
        return {told: left}
    found = orders(at_risk - 1, deaths - 1, left * (1 - 1 / at_risk), f"{told}D")
    if at_risk > deaths:
        found |= orders(at_risk - 1, deaths, left, f"{told}c")
    return found


def test_five_deaths_of_nine_and_a_third_alive() -> None:
    found = orders(9, 5)
    assert found["DDDDD"] == pytest.approx(4 / 9)
    third = {told for told, s in found.items() if abs(s - 1 / 3) < 0.0005}
    assert third == {"DDDccDD", "cDDDDcD"}
    near = {told for told, s in found.items() if 0.32 <= s <= 0.34}
    assert near == third | {"DDcDcDD", "DcDDDcD"}
    assert orders(9, 6)["DDDDDD"] == pytest.approx(3 / 9)
