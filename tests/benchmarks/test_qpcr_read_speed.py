"""A 384-well QuantStudio workbook to its reactions, curves included: at most 0.3 s when warm."""

import time
from pathlib import Path

import psutil
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


def cpu_s() -> float:
    """Return the seconds of CPU of this process and of the worker that reads workbooks.

    The two take turns, so that their sum is the time on the clock of an idle machine; the clock
    itself depends on who else is at work.
    """
    ours = psutil.Process()
    times = [p.cpu_times() for p in (ours, *ours.children())]
    return sum(t.user + t.system for t in times)


@pytest.mark.bench
def test_a_384_well_workbook_is_read_in_a_third_of_a_second(workbook):
    read_file(workbook)  # starts the worker
    n, clock, cpu = 8, time.perf_counter(), cpu_s()
    for _ in range(n):
        run = read_file(workbook)
    cpu, clock = (cpu_s() - cpu) / n, (time.perf_counter() - clock) / n
    assert isinstance(run, QpcrRun)
    assert len(run.table.wells) == WELLS
    assert len(run.amplification) == WELLS
    assert cpu <= 0.3, f"{cpu:.3f} s of CPU, {clock:.3f} s on the clock"
