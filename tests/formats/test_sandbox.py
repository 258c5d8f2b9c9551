import multiprocessing
import os
import time
from pathlib import Path

import pytest

from labproc.errors import ParseError
from labproc.formats import _calamine
from labproc.formats.sandbox import Limits, call

QUICK = Limits(memory_mib=420, cpu_s=20, wall_s=0.5)


def missing(path: Path) -> list[str]:
    names: list[str] = call(_calamine.sheet_names, str(path), 1, 1, name="book.xlsx")
    return names


def test_what_a_function_raises_is_one_parse_error(tmp_path):
    with pytest.raises(ParseError, match=r"book\.xlsx: .*No such file"):
        missing(tmp_path / "none")


def test_nothing_outside_labproc_is_called():
    with pytest.raises(ParseError, match="is not a module of labproc"):
        call(os.getcwd, name="x")


def test_a_call_that_hangs_is_ended_and_the_next_one_works(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    started = time.perf_counter()
    with pytest.raises(ParseError, match=r"took longer than 0\.5 s"):
        call(_calamine.sheet_names, str(fifo), 1, 1, name="x.xlsx", limits=QUICK)
    assert time.perf_counter() - started < 20
    with pytest.raises(ParseError, match="No such file"):
        missing(tmp_path / "none")


def test_a_worker_that_dies_is_replaced(tmp_path):
    import xlsxwriter

    bad = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(str(bad)) as book:
        sheet = book.add_worksheet("far")
        sheet.write(0, 0, 1)
        sheet.write(1_048_575, 16_383, 1)
    key = (str(bad), bad.stat().st_size, bad.stat().st_mtime_ns)
    with pytest.raises(ParseError, match=r"far\.xlsx"):
        call(_calamine.sheet, *key, "far", name="far.xlsx")
    with pytest.raises(ParseError, match="No such file"):
        missing(tmp_path / "none")


def _in_child(path, queue):
    try:
        missing(path)
    except ParseError as error:
        queue.put(str(error))


def test_a_forked_process_gets_a_worker_of_its_own(tmp_path):
    with pytest.raises(ParseError):
        missing(tmp_path / "none")
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(tmp_path / "none", queue))
    child.start()
    assert "No such file" in queue.get(timeout=20)
    child.join(20)
    assert child.exitcode == 0
    with pytest.raises(ParseError, match="No such file"):
        missing(tmp_path / "none")
