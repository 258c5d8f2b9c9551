"""A small study's results by hand, some of its names hostile."""

from pathlib import Path

import numpy as np
import pytest

from labproc.model import (
    Amplification,
    Comparison,
    CopyNumber,
    Measurement,
    SampleKey,
    SourceFile,
    StandardCurve,
    Status,
    Task,
    Trend,
    Well,
)
from labproc.model.flag import review
from labproc.pipeline.results import Arm, FileStatus, PlateView, Results

FORMULA = '=HYPERLINK("http://example.org","click")'
MARKUP = "<script>alert(1)</script>&\x00\x0b"
SOURCE = SourceFile("2026-03-02/D1_C_d00_car.fcs", "a" * 64, "fcs")
PLATE = SourceFile("qpcr/plate 1.xlsx", "b" * 64, "quantstudio_da2", "QuantStudio 7")


def measured(metric, value, donor="D1", arm="C", day=0, **changes):
    key = SampleKey(donor, "", arm, day)
    low, high = (None, None) if value is None else (value * 0.9, value * 1.1)
    words = "counting error only"
    return Measurement(key, metric, value, low, high, words, n=100, source=SOURCE, **changes)


def measurements():
    flag = review("low_separation", f"{FORMULA} said the operator")
    rows = [
        measured("cart_total", 1e6 * (1 + day) * (2 if arm == "C+Len" else 1), donor, arm, day)
        for donor in ("D1", "D2", FORMULA)
        for arm in ("C", "C+Len")
        for day in (0, 2, 4)
        if (donor, arm, day) != ("D2", "C+Len", 4)  # one tube was lost
    ]
    missing = measured("car_fraction", None, status="invalid", flags=(flag,))
    return [*rows, missing, measured("cd4_cd8_ratio", 1.5, parent="T cells")]


def wells():
    levels = (10.0, 1000.0)
    standards = [
        Well(f"A{n + 1}", f"Std {q:g}", "CAR", Task.STANDARD, 35.0 - n, q, dye="FAM")
        for n, q in enumerate(levels)
    ]
    return (
        *standards,
        Well("A3", FORMULA, "CAR", Task.UNKNOWN, 30.25, dye="FAM"),
        Well("A3", FORMULA, "ALB", Task.UNKNOWN, 24.5, dye="VIC"),
        Well("H12", MARKUP, "CAR", Task.UNKNOWN, None, dye="FAM", omitted=True),
        Well("B1", "NTC", "CAR", Task.NTC, None, dye="FAM"),
    )


def plate():
    curve = StandardCurve("CAR", -3.3219280948873626, 38.0, n_points=2, n_levels=2)
    sample = CopyNumber(
        FORMULA, "CAR", ("A3",), 1, 1, 200.0, 150.0, 260.0, "fieller", Status.QUANTIFIED, 30.25
    )
    light = Amplification("A3", "CAR", np.arange(1, 4.0), np.array([0.01, 0.02, 0.5]))
    return PlateView(
        PLATE, "plate 1", "quantstudio_da2", wells(), (curve,), (sample,), amplification=(light,)
    )


@pytest.fixture
def results(tmp_path):
    trend = Trend("growth_rate", "cart_total", "D1", "", "C", "", 0.3, 0.2, 0.4, "1/day", 3)
    comparison = Comparison(
        "cart_growth_rate", "C+Len - C", "difference", 0.1, 0.05, 0.15, "1/day", 0.02, None,
        (3, 3), "donor", "paired t test", True, sentence="C+Len grew faster.",
    )  # fmt: skip
    return Results(
        title="CAR-T cells: with/without <len>",
        folder=tmp_path,
        arms=(Arm("C+Len", "Lenalidomide 10 µmol/L"), Arm("C", "Control", True)),
        files=(FileStatus(f"../{FORMULA}", "c" * 64, "set_aside", reason=MARKUP),),
        measurements=tuple(measurements()),
        trends=(trend,),
        comparisons=(comparison,),
        plates=(plate(),),
        versions={"labproc": "0.1.0"},
        methods=("CAR+ cells were gated.",),
        audit_head="d" * 64,
    )


@pytest.fixture
def out(tmp_path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder
