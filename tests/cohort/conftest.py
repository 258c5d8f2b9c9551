import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def expected(shared: Path) -> Callable[..., Any]:
    """Return an entry of the reference values by data set and the start of its quantity."""
    entries = json.loads((shared / "data/stats/expected.json").read_text())["entries"]

    def find(dataset: str, quantity: str, part: str = "expected") -> Any:
        found = [
            e for e in entries if e["dataset"] == dataset and e["quantity"].startswith(quantity)
        ]
        assert len(found) == 1, [e["quantity"] for e in found]
        return found[0][part]

    return find


@pytest.fixture(scope="session")
def rows(shared: Path) -> Callable[[str], list[dict[str, str]]]:
    """Return the rows of a reference table."""

    def read(name: str) -> list[dict[str, str]]:
        with (shared / "data/stats" / name).open(newline="") as file:
            return list(csv.DictReader(file))

    return read
