"""An invented study, whole enough to draw: 3 donors, 2 arms, 8 days, tubes, a plate, events."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from labproc.model import (
    Amplification,
    Boundary,
    Comparison,
    CopyNumber,
    CultureEvent,
    Measurement,
    PatientEvent,
    ReportedCurve,
    Robustness,
    Role,
    SampleKey,
    SourceFile,
    StandardCurve,
    Status,
    Task,
    Trend,
    Well,
)
from labproc.model.flag import info, review
from labproc.pipeline.results import (
    AcceptanceRow,
    Arm,
    Density,
    FileStatus,
    GateView,
    PlateView,
    Results,
    TimeView,
    TubeView,
)
from labproc.qpcr import StandardPoint
from labproc.qpcr.miqe import ChecklistRow
from labproc.qpcr.results import RecomputedCq
from labproc.qpcr.westgard import levey_jennings

DAYS = (0, 2, 4, 6, 8, 10, 12, 14)
DONORS = ("D1", "D2", "D3")
ARMS = (Arm("C", "Control", is_control=True), Arm("C+Len", "Lenalidomide 10 µmol/L"))
HOSTILE = '<img src=x onerror=alert(1)>=HYPERLINK("http://x")'
LOGICLE = "logicle:T=1048575,W=0.5,M=4.5,A=0"


def source(name: str) -> SourceFile:
    return SourceFile(f"raw/{name}", hashlib.sha256(name.encode()).hexdigest(), "fcs", "Attune NxT")


def measured(
    key: SampleKey, metric: str, value: float, spread: float, **more: object
) -> Measurement:
    return Measurement(
        key, metric, value, value / np.exp(spread), value * np.exp(spread),
        interval_of="counting, gate placement and pipetting", source=source(f"{key.label}.fcs"),
        version="car_t automatic", **more,
    )  # fmt: skip


def flow_measurements() -> list[Measurement]:
    rng = np.random.default_rng(4)
    rows = []
    for d, donor in enumerate(DONORS):
        for arm, rate, slope in (("C", 0.36, -0.05), ("C+Len", 0.42, -0.005)):
            for day in DAYS:
                key = SampleKey(donor, "E1", arm, day, "1", "car")
                noise = rng.normal(0, 0.08)
                cells = 6e5 * (1 + 0.2 * d) * np.exp(rate * day * (1 - 0.02 * day) + noise)
                ratio = (1.4 + 0.3 * d) * np.exp(slope * day + rng.normal(0, 0.04))
                odd = (review("few_events", "41 CAR+ events, expected at least 100"),)
                flags = odd if (donor, arm, day) == ("D2", "C", 12) else ()
                rows += [
                    measured(key, "cumulative_cart", cells, 0.15, flags=flags),
                    measured(key, "cart_per_ul", cells / 2e3, 0.15, flags=flags),
                    measured(key, "cd4_cd8_ratio", ratio, 0.05, parent="T cells"),
                    measured(key, "cd4_fraction", 0.95 * ratio / (1 + ratio), 0.02),
                    measured(key, "cd8_fraction", 0.95 / (1 + ratio), 0.02),
                    measured(key, "car_fraction", min(0.9, 0.2 + 0.03 * day), 0.05),
                ]
    return rows


def copy_measurements() -> list[Measurement]:
    rng = np.random.default_rng(5)
    rows = []
    for donor in DONORS:
        for arm, level in (("C", 3e4), ("C+Len", 4e4)):
            for day in DAYS:
                key = SampleKey(donor, "E1", arm, day, "1")
                copies = level * np.exp(-0.45 * day + rng.normal(0, 0.2))
                if copies < 40:
                    lost = Measurement(
                        key, "copies_per_ug", None, None, 15.0, status="not_detected", n=3
                    )
                    rows.append(lost)
                    continue
                status = "below_lloq" if copies < 150 else "quantified"
                rows.append(measured(key, "copies_per_ug", copies, 0.3, status=status, n=3))
    return rows


def histogram(centre: float, share: float, total: int = 20_000) -> np.ndarray:
    x = (np.arange(128) + 0.5) / 128
    shape = (1 - share) * np.exp(-((x - 0.25) ** 2) / 0.004) + share * np.exp(
        -((x - centre) ** 2) / 0.006
    )
    return np.round(shape / shape.sum() * total).astype(np.uint32)


def cloud() -> np.ndarray:
    x, y = np.meshgrid((np.arange(128) + 0.5) / 128, (np.arange(128) + 0.5) / 128)
    cells = np.exp(-((x - 0.55) ** 2) / 0.02 - ((y - 0.4) ** 2) / 0.015)
    debris = 2.0 * np.exp(-((x - 0.08) ** 2) / 0.004 - ((y - 0.06) ** 2) / 0.004)
    return np.random.default_rng(1).poisson(9 * (cells + debris)).astype(np.uint32)


def density(labels: tuple[str, ...], channels: tuple[str, ...], scale: str) -> Density:
    top = 1_048_575.0 if scale == "linear" else 1.0
    edges = np.linspace(0, top, 129)
    counts = cloud() if len(channels) == 2 else histogram(0.6, 0.35)
    return Density(
        channels, labels, (scale,) * len(channels), counts, tuple(edges for _ in channels)
    )


def gates() -> tuple[GateView, ...]:
    scatter = density(("Forward scatter", "Side scatter"), ("FSC-A", "SSC-A"), "linear")
    fitc = density(("Protein L-FITC",), ("BL1-A",), LOGICLE)
    negative = Density(fitc.channels, fitc.labels, fitc.scales, histogram(0.6, 0.004), fitc.edges)
    corners = np.array([[3e5, 2e5], [8.5e5, 2.5e5], [9e5, 7e5], [4e5, 7.5e5], [2.8e5, 4e5]])
    cells = Boundary("polygon", ("FSC-A", "SSC-A"), ("linear", "linear"), corners)
    positive = Boundary("threshold", ("BL1-A",), (LOGICLE,), np.array([[3000.0]]))
    flag = review("low_separation", "CAR+ and CAR- overlap: separation 1.8, expected at least 3")
    return (
        GateView(
            "Cells", "All events", 12_000, 20_000, 0.6, 0.6, 0.59, 0.61, "scatter", cells, scatter
        ),
        GateView(
            "CAR+", "Cells", 4_150, 12_000, 0.346, 0.352, 0.33, 0.37, "threshold", positive, fitc,
            control=negative, control_name="D1 C d6 untransduced", median_fluorescence=15_400.0,
            parameters={"threshold": 3000.0}, flags=(flag,),
        ),
    )  # fmt: skip


def tubes() -> tuple[TubeView, ...]:
    found = []
    for donor in DONORS:
        for arm in ("C", "C+Len"):
            for day in DAYS:
                key = SampleKey(donor, "E1", arm, day, "1", "car")
                odd = (donor, arm, day) == ("D2", "C", 12)
                found.append(
                    TubeView(
                        source(f"{key.label}.fcs"), key, "car_t", 20_000, gates(),
                        oddness=0.9 if odd else 0.01 * day,
                        reasons=("41 CAR+ events, expected at least 100",) if odd else (),
                        left_out={"Live": "no viability dye in this panel"},
                        flags=(review("few_events", "41 CAR+ events, expected at least 100"),)
                        if odd
                        else (info("uncompensated", "the file's spillover is the identity"),),
                    )
                )  # fmt: skip
    control = SampleKey("D1", "E1", "C", 6, "1", "car", role=Role.UNTRANSDUCED)
    steady = GateView(
        "Steady", "All events", 17_000, 20_000, 0.85, 0.85, None, None, "steady",
        Boundary("none"), Density((), (), (), np.zeros(0, np.uint32), ()),
        parameters={"kept_time": 0.85}, flags=(info("flow_rate_gap", "flow rate off"),),
    )  # fmt: skip
    watched = TubeView(
        source("ut.fcs"), control, "car_t", 20_000, gates(), undrawn=(steady,), course=course()
    )
    return (*found, watched)


def course() -> TimeView:
    """Twenty stretches of 2 s; in three of them hardly anything came."""
    counts = np.full(20, 1_150.0)
    counts[8:11] = 80.0
    shares = np.random.default_rng(3).normal(0.5, 0.01, (2, 20)).astype(np.float32)
    edges = np.linspace(0.0, 40.0, 21)
    return TimeView(edges, counts, counts > 100, ("FSC-A", HOSTILE), shares)


def plate() -> PlateView:
    wells, quantities, samples = [], [], []
    curve = StandardCurve(
        "CAR", -3.38, 38.2, 0.11, 16, 18, 6, 3.5, 48.0, 0.9985, (-3.42, -3.34), (0.961, 0.996),
        (1.0, 6.0), (17.9, 34.9), 0.21,
    )  # fmt: skip
    for level in range(1, 7):
        for repeat in range(3):
            cq = 38.2 - 3.38 * level + (-0.1, 0.02, 0.09)[repeat]
            position = f"{'ABCDEFGH'[level - 1]}{repeat + 1}"
            wells.append(Well(position, f"S{level}", "CAR", Task.STANDARD, cq, 10.0**level))
    for i, copies in enumerate((25_000.0, 800.0, 12.0, None)):
        name = (f"D1_C_d{2 * i}", f"D1_C+Len_d{2 * i}", HOSTILE, "D3_C_d14")[i]
        positions = tuple(f"{'ABCD'[i]}{c}" for c in (5, 6, 7))
        cq = None if copies is None else 38.2 - 3.38 * np.log10(copies)
        wells += [Well(p, name, "CAR", Task.UNKNOWN, cq) for p in positions]
        status = Status.QUANTIFIED if copies else Status.NOT_DETECTED
        low, high = (copies / 1.2, copies * 1.2) if copies else (None, 1.0)
        found = 3 if copies else 0
        samples.append(
            CopyNumber(name, "CAR", positions, 3, found, copies, low, high, "fieller", status, cq)
        )
        quantities.append(
            CopyNumber(
                name, "CAR", positions[:1], 1, min(found, 1), copies, low, high, "fieller", status
            )
        )
    wells.append(Well("H12", "NTC", "CAR", Task.NTC))
    cycles = np.arange(1.0, 41.0)
    rise = tuple(
        Amplification(w.position, w.target, cycles, 2.0 / (1 + np.exp(-(cycles - w.cq) / 1.4)))
        for w in wells
        if w.cq
    )
    rules = (
        AcceptanceRow("efficiency", "CAR", "90–110 %", "97.6 %", "pass"),
        AcceptanceRow("no-template control", "CAR", "no Cq", "no Cq in 1 of 1", "pass"),
        AcceptanceRow("replicate spread", "CAR", "at most 0.5 cycles", "0.62 cycles", "warn"),
    )
    return PlateView(
        source("plate7.xlsx"), "plate7", "quantstudio_da2", tuple(wells), (curve,), tuple(samples),
        tuple(quantities), (ReportedCurve("CAR", -3.38, 38.2, 0.9985, 0.976),), rise, rules,
        standards=standards(wells),
        recomputed=(RecomputedCq("A1", "CAR", 34.7, 34.8, 33.1, 0.97),),
        checklist=(
            ChecklistRow("target", "reference gene", HOSTILE),
            ChecklistRow("target", "specificity", "not known to labproc", is_known=False),
        ),
    )  # fmt: skip


def standards(wells: list[Well]) -> tuple[StandardPoint, ...]:
    """Read standards back from the curve, one off the line and one left out."""
    return tuple(
        StandardPoint(
            w.position, w.sample, "CAR", w.quantity or 1.0, w.cq,
            10 ** (((w.cq or 0) - 38.2) / -3.38), 0.02,
            is_outlier=w.position == "A1", omitted=w.position == "B1",
        )
        for w in wells
        if w.task is Task.STANDARD
    )  # fmt: skip


def comparison(outcome: str, effect: str, estimate: float, sentence: str) -> Comparison:
    return Comparison(
        outcome, "C+Len - C", effect, estimate, estimate * 0.4, estimate * 1.6, "per day", 0.031,
        0.062, (3, 3), "donor", "two-stage, paired t", planned=True, sentence=sentence,
        robustness=Robustness(200, 183, estimate * 0.8, estimate * 1.2),
    )  # fmt: skip


def study(folder: Path) -> Results:
    growth = "CAR-T cells grew faster with lenalidomide: +0.046 per day (95 % CI 0.010 to 0.082)"
    handled = tuple(
        CultureEvent(d, "E1", a.name, "1", day, what, 0.5 if what == "split" else 1.0)
        for d in DONORS
        for a in ARMS
        for day, what in ((0, "drug"), (6, "split"), (10, "feed"))
    )
    listed = tuple(
        FileStatus(t.source.path, t.source.sha256, "done", "fcs", t.key) for t in tubes()
    )
    aside = FileStatus(
        f"raw/{HOSTILE}.fcs", "0" * 64, "set_aside", "", None, "DATA ends at byte 1048576"
    )
    trends = tuple(
        Trend("growth_rate", "cumulative_cart", d, "E1", a.name, "1", 0.3, 0.28, 0.32, "1/day", 8)
        for d in DONORS
        for a in ARMS
    )
    return Results(
        "CAR-T cells with and without lenalidomide",
        folder,
        ARMS,
        files=(*listed, aside),
        measurements=(*flow_measurements(), *copy_measurements()),
        trends=trends,
        comparisons=(
            comparison("cart_growth_rate", "difference", 0.046, growth + ", P = .031, n = 3."),
            comparison("ln_cd4_cd8_slope", "geometric mean ratio per day", 1.036, "CD4:CD8 rose."),
            comparison("copies_per_ug_auc", "ratio", 1.3, "Copies were higher."),
        ),
        tubes=tubes(),
        plates=(plate(),),
        culture_events=handled,
        patient_events=(PatientEvent("D1", 4, "infusion"),),
        lloq_copies_per_ug=150.0,
        versions={"labproc": "0.1.0", "strategy car_t": "3f2a"},
        methods=("CAR+ cells were gated against the untransduced control of the same donor.",),
        audit_head="9f" * 32,
        control_charts={"CAR": levey_jennings(["a", HOSTILE, "c", "d", "e", "f"], CONTROL)},
    )


CONTROL = (3.0, 3.02, 2.99, 3.01, 2.98, 2.6)  # log10(copies), the last lost


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def no_results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return Results("Empty study", tmp_path_factory.mktemp("empty"), ARMS)
