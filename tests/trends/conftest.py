import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labproc.model import CultureEvent, Measurement, Plan, SampleKey

Row = dict[str, str]


@pytest.fixture(scope="session")
def expected(shared: Path) -> Callable[..., Any]:
    """Return an entry of the reference values by data set and the start of its quantity."""
    entries = json.loads((shared / "data/stats/expected.json").read_text())["entries"]

    def find(dataset: str, quantity: str) -> Any:
        found = [
            e for e in entries if e["dataset"] == dataset and e["quantity"].startswith(quantity)
        ]
        assert len(found) == 1, [e["quantity"] for e in found]
        return found[0]["expected"]

    return find


@pytest.fixture(scope="session")
def rows(shared: Path) -> Callable[[str], list[Row]]:
    """Return the rows of a reference table."""

    def read(name: str) -> list[Row]:
        with (shared / "data/stats" / name).open(newline="") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture
def plan() -> Plan:
    return Plan(
        unit="donor",
        primary="cart_growth_rate",
        control="C",
        treated=("C+Len",),
        window_days=(0, 14),
        secondary=("ln_cd4_cd8_slope",),
    )


def _measured(
    metric: str, donor: str, arm: str, day: int, value: float | None, **more: Any
) -> Measurement:
    key = SampleKey(donor, more.pop("experiment", "E1"), arm, day, more.pop("replicate", ""))
    draws = more.pop("draws", None)
    return Measurement(
        key, metric, value, draws=None if draws is None else np.asarray(draws), **more
    )


def _logged(donor: str, arm: str, day: int, **more: Any) -> CultureEvent:
    return CultureEvent(donor, more.pop("experiment", "E1"), arm, "", day, **more)


@pytest.fixture(scope="session")
def measured() -> Callable[..., Measurement]:
    """Return a builder of measurements: metric, donor, arm, day, value."""
    return _measured


@pytest.fixture(scope="session")
def logged() -> Callable[..., CultureEvent]:
    """Return a builder of lines of culture.csv: donor, arm, day."""
    return _logged


@pytest.fixture(scope="session")
def invitro(rows: Callable[[str], list[Row]]) -> tuple[list[Measurement], list[CultureEvent]]:
    """Return the synthetic in vitro study as counts, ratios and the culture's log."""
    found, log = [], []
    for row in rows("invitro_growth.csv"):
        who = (row["donor"], row["condition"], int(row["day"]))
        counted, kept = float(row["viable_counted"]), float(row["viable_reseeded"])
        found.append(_measured("cells_total", *who, counted))
        found.append(_measured("cd4_cd8_ratio", *who, float(row["cd4_cd8"]), n=5000))
        log.append(_logged(*who, event="split", kept_fraction=kept / counted))
    return found, log
