"""Builders and folders that every test may ask for."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"

# these wait for files to settle or for a browser: begun first, the others fill the time they wait
LONG = ("tests/faults/", "tests/browser/test_walk", "tests/cli/test_watch", "tests/cli/test_study")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference data; without it tests are skipped here and fail in CI."""
    if SHARED.is_dir():
        return SHARED
    if os.environ.get("CI") == "true":
        pytest.fail("the reference data (../shared) must be there in CI")
    pytest.skip("the reference data (../shared) is not here")
