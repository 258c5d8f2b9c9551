"""A 384-well QuantStudio workbook to its reactions, curves included: at most 0.3 s when warm."""

import time
from pathlib import Path

import pytest
import xlsxwriter

from labproc.model import QpcrRun
from labproc.parsers import read_file

WELLS, CYCLES = 384, 40


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a plate as Design & Analysis 2 exports it: 16 rows of 24, five sheets."""
    path = tmp_path_factory.mktemp("speed") / "plate.xlsx"
    names = [f"{'ABCDEFGHIJKLMNOP'[i // 24]}{i % 24 + 1}" for i in range(WELLS)]
    head = [["File Name", "plate.eds"], ["Block Type", "384-Well Block"], []]
    with xlsxwriter.Workbook(str(path)) as book:
        results = book.add_worksheet("Results")
        titles = ["Well", "Well Position", "Omit", "Sample", "Target", "Task", "Reporter", "Cq"]
        rows = [[i + 1, n, False, "s", "CAR", "UNKNOWN", "FAM", 25.5] for i, n in enumerate(names)]
        fill(results, [*head, titles, *rows])
        cycles = range(1, CYCLES + 1)
        for name, values in (("Amplification Data", 3), ("Multicomponent", 2), ("Raw Data", 5)):
            titles = ["Well", "Well Position", "Cycle Number", "Target", "Rn", "dRn", "X"]
            points = [
                [i + 1, n, c, "CAR", *[0.123456789 * c] * values]
                for i, n in enumerate(names)
                for c in cycles
            ]
            fill(book.add_worksheet(name), [*head, titles[: 4 + values], *points])
    return path


def fill(sheet, rows):
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)


@pytest.mark.bench
def test_a_384_well_workbook_is_read_in_a_third_of_a_second(workbook):
    times = []
    for _ in range(6):
        started = time.perf_counter()
        run = read_file(workbook)
        times.append(time.perf_counter() - started)
    assert isinstance(run, QpcrRun)
    assert len(run.table.wells) == WELLS
    assert len(run.amplification) == WELLS
    assert min(times[1:]) <= 0.3, f"{min(times[1:]):.3f} s warm (first {times[0]:.3f} s)"
