"""Builders and folders that every test may ask for."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference data; without it tests are skipped here and fail in CI."""
    if SHARED.is_dir():
        return SHARED
    if os.environ.get("CI") == "true":
        pytest.fail("the reference data (../shared) must be there in CI")
    pytest.skip("the reference data (../shared) is not here")
