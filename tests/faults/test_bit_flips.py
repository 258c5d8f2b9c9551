"""A bit that flips on the disk: ``labproc verify`` names the staged copy or the table it hit."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from labproc.pipeline import verify
from labproc.pipeline.runner import run_study
from labproc.pipeline.verify import verify_study


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, new_plates: Callable[..., Path]) -> Path:
    folder = new_plates(tmp_path_factory.mktemp("flips") / "study", 3)
    run_study(folder, workers=1)
    assert verify_study(folder).problems == ()
    return folder


def flipped(data: bytes, rng: random.Random) -> bytes:
    at, bit = rng.randrange(len(data)), rng.randrange(8)
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def test_fifty_flips_in_staged_copies_are_all_found(ran: Path) -> None:
    rng = random.Random(5)
    staged = sorted(p for p in (ran / "results/staged").rglob("*") if p.is_file())
    found = 0
    for _ in range(50):
        path = rng.choice(staged)
        whole = path.read_bytes()
        path.write_bytes(flipped(whole, rng))
        problems = verify_study(ran).problems
        found += any(path.name[:12] in p and "was changed" in p for p in problems)
        path.write_bytes(whole)
    assert found == 50


def test_fifty_flips_in_stored_numbers_are_all_found(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "STILL_S", 0.0)  # nobody else writes here
    rng = random.Random(6)
    path, found = ran / "results/labproc.sqlite", 0
    query = "SELECT row FROM measurements WHERE value IS NOT NULL"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        rows = [r[0] for r in connection.execute(query)]
        for _ in range(50):
            row = rng.choice(rows)
            kept = connection.execute(
                "SELECT value FROM measurements WHERE row = ?", (row,)
            ).fetchone()[0]
            # a bit that shows within nine digits, of the exponent, or the sign
            number = flip_in_double(kept, rng.randrange(24, 64))
            connection.execute("UPDATE measurements SET value = ? WHERE row = ?", (number, row))
            problems = verify_study(ran).problems
            found += f"table measurements: row {row} differs from its result" in problems
            connection.execute("UPDATE measurements SET value = ? WHERE row = ?", (kept, row))
    assert found == 50
    assert verify_study(ran).problems == ()


def flip_in_double(number: float, bit: int) -> float:
    """Flip one bit of a double (IEEE 754); what is no number any more becomes a large one."""
    import struct

    bits = struct.unpack("<Q", struct.pack("<d", number))[0] ^ (1 << bit)
    changed: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return changed if changed == changed and abs(changed) < 1e300 else 1e300
