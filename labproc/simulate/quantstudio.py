"""qPCR exports laid out as QuantStudio software writes them: a workbook, and tab-delimited text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from labproc.model import Task, Well

N_CYCLES = 40
TASKS = {
    Task.UNKNOWN: "UNKNOWN",
    Task.STANDARD: "STANDARD",
    Task.NTC: "NTC",
    Task.POSITIVE: "POSITIVE_CONTROL",
}
RESULTS = (
    "Well", "Well Position", "Omit", "Sample", "Target", "Task", "Reporter", "Quencher",
    "Amp Status", "Amp Score", "Curve Quality", "Result Quality Issues", "Cq", "Cq Confidence",
    "Cq Mean", "Cq SD", "Auto Threshold", "Threshold", "Auto Baseline", "Baseline Start",
    "Baseline End",
)  # fmt: skip
STANDARD_CURVE = (
    "Well", "Well Position", "Sample", "Quantity", "Target", "Dye", "Task", "Reporter", "Quencher",
    "Amp Status", "Cq", "Cq Mean", "Cq Confidence", "Cq SD", "Quantity Mean", "Quantity SD",
    "Auto Threshold", "Threshold", "Auto Baseline", "Baseline Start", "Baseline End", "Tm1", "Tm2",
    "Tm3", "Tm4", "Y-Intercept", "R2", "Slope", "Efficiency", "Standard Deviation",
    "Standard Error", "Omit",
)  # fmt: skip
AMPLIFICATION = (
    "Well", "Well Position", "Cycle Number", "Target", "Rn", "dRn", "Sample", "Omit",
)  # fmt: skip
TEXT_RESULTS = (
    "Well", "Well Position", "Omit", "Sample Name", "Target Name", "Task", "Reporter", "Quencher",
    "CT", "Ct Mean", "Ct SD", "Quantity", "Quantity Mean", "Quantity SD", "Y-Intercept",
    "R(superscript 2)", "Slope", "Efficiency", "Automatic Ct Threshold", "Ct Threshold",
    "Automatic Baseline", "Baseline Start", "Baseline End",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fit:
    """The instrument's own curve: plain least squares of Cq on log10(quantity)."""

    slope: float
    intercept: float
    r_squared: float

    @classmethod
    def of(cls, wells: Sequence[Well]) -> "Fit":
        """Fit the standards that gave a Cq."""
        used = [w for w in wells if w.task is Task.STANDARD and w.cq is not None and w.quantity]
        x = np.log10([w.quantity or 1.0 for w in used])
        y = np.array([w.cq or 0.0 for w in used])
        slope, intercept = np.polyfit(x, y, 1)
        return cls(float(slope), float(intercept), float(np.corrcoef(x, y)[0, 1] ** 2))

    def quantity(self, well: Well) -> float | None:
        """Return the label of a standard, the read-back quantity of anything else."""
        if well.task is Task.STANDARD:
            return well.quantity
        if well.cq is None or well.task is Task.NTC:
            return None
        return float(10.0 ** ((well.cq - self.intercept) / self.slope))

    @property
    def efficiency(self) -> float:
        """In percent, as the software writes it."""
        return float(100.0 * (10.0 ** (-1.0 / self.slope) - 1.0))


def write_workbook(path: Path, wells: Sequence[Well], *, run_start: str, seed: int = 0) -> None:
    """Write a run as Design & Analysis Software 2 exports it, Cq and curve on their own sheets."""
    import xlsxwriter

    preamble = _preamble(path, run_start)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        _sheet(book, "Results", preamble, RESULTS, _result_rows(wells))
        rows = _amplification_rows(wells, np.random.default_rng(seed))
        _sheet(book, "Amplification Data", preamble, AMPLIFICATION, rows)
        _sheet(book, "Standard Curve Result", preamble, STANDARD_CURVE, _curve_rows(wells))


def _preamble(path: Path, run_start: str) -> list[tuple[str, str]]:
    return [
        ("File Name", f"{path.stem}.eds"),
        ("Instrument Type", "QuantStudio™ 7 Pro System"),
        ("Block Type", "96-Well 0.2-mL Block"),
        ("Run Start Date/Time", run_start),
        ("Passive Reference", "ROX"),
        ("Quantification Cycle Method", "CT"),
        ("Software Name and Version", "Design & Analysis Software v2.6.0"),
        ("Plugin Name and Version", "Primary Analysis v1.7.0, Standard Curve v1.6.0"),
        ("Comment", "simulated by labproc"),
    ]


def _sheet(
    book: Any,
    name: str,
    preamble: list[tuple[str, str]],
    head: Sequence[str],
    rows: Iterator[tuple[Any, ...]],
) -> None:
    sheet = book.add_worksheet(name)
    for number, line in enumerate([*preamble, (), head, *rows]):
        sheet.write_row(number, 0, ["" if cell is None else cell for cell in line])


def _number(place: str) -> int:
    return 12 * "ABCDEFGH".index(place[0]) + int(place[1:])


def _means(wells: Sequence[Well]) -> dict[tuple[str, str], tuple[float | None, float | None]]:
    """Return mean and SD of Cq of every sample and target."""
    found: dict[tuple[str, str], list[float]] = {}
    for well in wells:
        found.setdefault((well.sample, well.target), [])
        if well.cq is not None:
            found[well.sample, well.target].append(well.cq)
    return {k: _mean_sd(v) for k, v in found.items()}


def _mean_sd(values: Sequence[float]) -> tuple[float | None, float | None]:
    mean = float(np.mean(values)) if values else None
    return mean, float(np.std(values, ddof=1)) if len(values) > 1 else None


def _result_rows(wells: Sequence[Well]) -> Iterator[tuple[Any, ...]]:
    means = _means(wells)
    for well in wells:
        mean, sd = means[well.sample, well.target]
        seen = well.cq is not None
        yield (
            _number(well.position), well.position, "FALSE", well.sample, well.target,
            TASKS[well.task], well.dye, "NFQ-MGB", "AMP" if seen else "NO_AMP",
            1.3 if seen else 0.0, "", "", well.cq if seen else "UNDETERMINED",
            0.98 if seen else 0.0, mean, sd, "FALSE", 0.2, "TRUE", 3, _baseline_end(well),
        )  # fmt: skip


def _baseline_end(well: Well) -> int:
    return N_CYCLES - 1 if well.cq is None else max(int(well.cq) - 4, 5)


def _curve_rows(wells: Sequence[Well]) -> Iterator[tuple[Any, ...]]:
    means = _means(wells)
    fits = {t: Fit.of([w for w in wells if w.target == t]) for t in {w.target for w in wells}}
    for well in wells:
        fit, seen = fits[well.target], well.cq is not None
        mean, sd = means[well.sample, well.target]
        yield (
            _number(well.position), well.position, well.sample, fit.quantity(well), well.target,
            well.dye, TASKS[well.task], well.dye, "NFQ-MGB", "AMP" if seen else "NO_AMP",
            well.cq if seen else "UNDETERMINED", mean, 0.98 if seen else 0.0, sd, None, None,
            "FALSE", 0.2, "TRUE", 3, _baseline_end(well), None, None, None, None,
            round(fit.intercept, 4), fit.r_squared, round(fit.slope, 4), fit.efficiency, None,
            None, "FALSE",
        )  # fmt: skip


def _amplification_rows(
    wells: Sequence[Well], rng: np.random.Generator
) -> Iterator[tuple[Any, ...]]:
    cycles = np.arange(1, N_CYCLES + 1)
    for well in wells:
        rise = _rise(well.cq, cycles) + rng.normal(0.0, 0.004, N_CYCLES)
        for cycle, delta in zip(cycles.tolist(), np.round(rise, 6).tolist(), strict=True):
            yield (
                _number(well.position), well.position, cycle, well.target, round(0.5 + delta, 6),
                delta, well.sample, "FALSE",
            )  # fmt: skip


def _rise(cq: float | None, cycles: Any) -> Any:
    """Return a sigmoid that crosses the threshold of 0.2 at its Cq and ends at 3."""
    if cq is None:
        return np.zeros(cycles.size)
    middle = cq + np.log(3.0 / 0.2 - 1.0) / 0.62
    return 3.0 / (1.0 + np.exp(-0.62 * (cycles - middle)))


def write_text(path: Path, wells: Sequence[Well], *, run_start: str) -> None:
    """Write a run as QuantStudio Real-Time PCR Software exports it: tab-delimited text."""
    head = [
        ("Block Type", "96-Well Block (0.2mL)"),
        ("Chemistry", "TAQMAN"),
        ("Experiment Name", path.stem),
        ("Experiment Run End Time", run_start),
        ("Experiment Type", "Standard Curve"),
        ("Instrument Type", "QuantStudio(TM) 7 Flex System"),
        ("Passive Reference", "ROX"),
        ("Quantification Cycle Method", "Ct"),
    ]
    lines = [f"* {name} = {value}" for name, value in head]
    lines += ["", "[Results]", "\t".join(TEXT_RESULTS)]
    lines += ["\t".join(_text(cell) for cell in row) for row in _text_rows(wells)]
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")


def _text(cell: object) -> str:
    return "" if cell is None else f"{cell:.6f}" if isinstance(cell, float) else str(cell)


def _text_rows(wells: Sequence[Well]) -> Iterator[tuple[Any, ...]]:
    means = _means(wells)
    fits = {t: Fit.of([w for w in wells if w.target == t]) for t in {w.target for w in wells}}
    for well in wells:
        fit = fits[well.target]
        mean, sd = means[well.sample, well.target]
        task = "UNKNOWN" if well.task is Task.POSITIVE else TASKS[well.task]
        yield (
            _number(well.position), well.position, "false", well.sample, well.target, task,
            well.dye, "NFQ-MGB", "Undetermined" if well.cq is None else well.cq, mean, sd,
            fit.quantity(well), None, None, fit.intercept, fit.r_squared, fit.slope,
            fit.efficiency, "false", 0.2, "true", 3, _baseline_end(well),
        )  # fmt: skip
