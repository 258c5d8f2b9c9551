"""Workers: one poison file takes down no neighbour."""

import os
import time

from labproc.errors import ParseError
from labproc.pipeline.workers import run_jobs, worker_count


def work(job: int) -> int:
    """Double a number; 3 kills its process, 5 is a damaged file, 7 a bug of labproc's."""
    if job == 3:
        os._exit(9)
    if job == 5:
        raise ParseError("five.fcs: 5 events, expected 6")
    if job == 7:
        raise KeyError("seven")
    return 2 * job


def never_back(job: int) -> int:
    """Sum so many numbers in C that no signal's Python handler ever runs."""
    return sum(range(job))


def test_a_job_that_kills_its_worker_is_named_and_the_others_are_done() -> None:
    done = {d.job: d for d in run_jobs(work, range(10), workers=2)}
    assert sorted(done) == list(range(10))
    assert [j for j, d in done.items() if d.died] == [3]
    assert all(done[j].result == 2 * j for j in (0, 1, 2, 4, 6, 8, 9))
    assert done[5].error == "five.fcs: 5 events, expected 6"
    assert "KeyError: 'seven'" in done[7].bug
    assert done[7].error == "a bug in labproc (KeyError)"


def test_a_single_job_that_kills_its_process_kills_nothing_else() -> None:
    (done,) = run_jobs(work, [3])
    assert done.died


def test_one_worker_runs_in_this_process() -> None:
    done = list(run_jobs(work, [5, 6], workers=1))
    assert done[0].error == "five.fcs: 5 events, expected 6"
    assert done[1].result == 12


def test_a_job_that_hangs_is_stopped() -> None:
    (done,) = run_jobs(time.sleep, [30], workers=1, limit_s=1)
    assert done.error == "not done after 1 s, expected a few seconds"


def test_a_job_that_never_comes_back_to_python_is_ended_with_its_worker() -> None:
    (done,) = run_jobs(never_back, [10**12], limit_s=1)
    assert done.died


def test_one_worker_a_core_unless_asked() -> None:
    assert worker_count(3) == 3
    assert worker_count() >= 1
