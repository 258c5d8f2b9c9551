"""Where jobs run: here, in worker processes, or on Dask; a poison file takes down no neighbour."""

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any, Generic, TypeVar

from labproc.errors import LabprocError, ParseError
from labproc.pipeline.disk import PASSING

J = TypeVar("J")
R = TypeVar("R")

TIME_LIMIT_S = 120  # a file of 10 million events takes 6 s
MEMORY_SHARE = 0.75  # of the machine's memory, shared by the workers
LEAST_MEMORY = 4 << 30  # bytes of address space that numpy and scipy need to start at all
QUEUED_PER_WORKER = 4  # keeps the workers busy without holding every job's result


@dataclass(frozen=True, slots=True)
class Done(Generic[J, R]):
    """One finished job: its result, or why there is none.

    ``error`` is for the user; ``bug`` holds the traceback where the error is labproc's own;
    ``died`` says that the job took its worker process with it, or that the machine failed and
    not the file: both are tried again.
    """

    job: J
    result: R | None = None
    error: str = ""
    bug: str = ""
    died: bool = False


def worker_count(asked: int | None = None) -> int:
    """Return how many worker processes to use: what was asked, or one per usable core."""
    if asked:
        return max(1, asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_jobs(
    work: Callable[[J], R],
    jobs: Iterable[J],
    *,
    workers: int | None = None,
    scheduler: str = "",
    limit_s: int = TIME_LIMIT_S,
) -> Iterator[Done[J, R]]:
    """Yield every job as it finishes, in no fixed order.

    Jobs run in worker processes, one a core where nothing else is asked, even when there is one
    job only: it may be the one that kills its process. With ``workers=1`` they run in this
    process, unguarded. A worker that dies (a crash, out of memory) breaks
    its pool; the jobs that were under way are then run again, one process each, so that the one
    that kills its worker is named and the others are done. No job may take longer than
    ``limit_s``, on the clock or of a processor. ``jobs`` is asked for the next job only when a
    worker will soon be free for it.
    """
    work = partial(_limited, work, limit_s)
    if scheduler:
        yield from _on_dask(work, jobs, scheduler)
    elif workers == 1:
        yield from (_guarded(work, job) for job in jobs)
    else:
        coming = iter(jobs)
        first = list(islice(coming, worker_count(workers)))
        if first:
            yield from _in_pool(work, chain(first, coming), len(first))


def _guarded(work: Callable[[J], R], job: J) -> Done[J, R]:
    """Do one job; an error of the file's becomes part of the answer, a bug does too."""
    try:
        return Done(job, _read_twice(work, job))
    except LabprocError as error:
        notes = getattr(error, "__notes__", [])
        said = " ".join(" ".join([str(error), *notes]).split())
        return Done(job, error=said, died=_is_the_machines(error))
    except MemoryError:
        return Done(job, error="out of memory while reading; more than a file of its size needs")
    except TimeoutError as error:
        return Done(job, error=f"not done after {error} s, expected a few seconds")
    except OSError as error:
        said = " ".join(str(error).split())
        return Done(job, error=f"{said}, expected a disk that answers", died=True)
    except Exception as error:  # one file's bug must not stop the others
        return Done(
            job, error=f"a bug in labproc ({type(error).__name__})", bug=traceback.format_exc()
        )


def _read_twice(work: Callable[[J], R], job: J) -> R:
    """Do one job; a file is refused only when it reads so a second time.

    A read that the disk cut short looks like a file that ends too early.
    """
    try:
        return work(job)
    except ParseError:
        return work(job)


def _is_the_machines(error: BaseException | None) -> bool:
    """Whether the disk or the system failed behind an error, and not the file: it may pass."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in PASSING:
            return True
        error = error.__cause__ or error.__context__
    return False


def _limited(work: Callable[[J], R], limit_s: int, job: J) -> R:
    """Do one job under an alarm and, in a worker, a limit on the processor's time.

    The alarm gives a clear answer but has to wait for Python; code that never comes back to it is
    ended by the system, with its worker. Neither exists on Windows, nor the alarm in a thread.
    """
    if multiprocessing.parent_process() is not None:
        _limit_processor(limit_s)
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        return work(job)

    def ring(*_: Any) -> None:
        raise TimeoutError(limit_s)

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(limit_s)
    try:
        return work(job)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _limit_processor(limit_s: int) -> None:
    """Let this job use as much processor time as the alarm gives it, and a little more."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + limit_s + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _set_up_worker(workers: int) -> None:
    """Give a worker its share of the memory, and let it end when the run that made it does."""
    # a scientist's Ctrl-C is the parent's to answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit_memory(workers)


def _end_with_parent() -> None:
    """Wait until the run is gone: a killed run cannot tell its workers, and they would stay."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit_memory(workers: int) -> None:
    """Keep one file from taking the machine down."""
    if sys.platform == "win32":
        return
    import resource

    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    share = max(LEAST_MEMORY, int(pages * size * MEMORY_SHARE / workers))
    resource.setrlimit(resource.RLIMIT_AS, (share, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def start_workers(modules: Sequence[str]) -> None:
    """Begin to start the process that workers are forked from, with modules that they all need.

    It imports them once, beside whatever is done until the first job; Windows forks none.
    """
    if sys.platform == "win32":
        return
    from multiprocessing import forkserver

    _keep_numpy_single()
    forkserver.set_forkserver_preload(["__main__", *modules])
    forkserver.ensure_running()


def _keep_numpy_single() -> None:
    """Numpy's own threads would fight over the cores that the workers share."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _pool(workers: int) -> ProcessPoolExecutor:
    _keep_numpy_single()
    method = "spawn" if sys.platform == "win32" else "forkserver"
    context = multiprocessing.get_context(method)
    return ProcessPoolExecutor(
        workers, mp_context=context, initializer=_set_up_worker, initargs=(workers,)
    )


def _in_pool(work: Callable[[J], R], jobs: Iterator[J], workers: int) -> Iterator[Done[J, R]]:
    suspects = yield from _until_broken(work, jobs, workers)
    while suspects:
        yield from (_alone(work, job) for job in suspects)
        suspects = yield from _until_broken(work, jobs, workers)


def _until_broken(
    work: Callable[[J], R], jobs: Iterator[J], workers: int
) -> Generator[Done[J, R], None, list[J]]:
    """Yield jobs as they finish; return those under way when a worker died, none at the end."""
    under_way: dict[Future[Done[J, R]], J] = {}
    taken: list[J] = []  # asked for, and not yet with the pool
    with _pool(workers) as pool:
        try:
            while True:
                for job in islice(jobs, workers * QUEUED_PER_WORKER - len(under_way)):
                    taken.append(job)
                    under_way[pool.submit(_guarded, work, job)] = job
                    taken.pop()
                if not under_way:
                    return []
                finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    done = future.result()
                    del under_way[future]
                    yield done
        except BrokenProcessPool:
            return [*under_way.values(), *taken]


def _alone(work: Callable[[J], R], job: J) -> Done[J, R]:
    """Do one job in a process of its own, and say so if it kills that too."""
    with _pool(1) as pool:
        try:
            return pool.submit(_guarded, work, job).result()
        except BrokenProcessPool:
            return Done(job, error="its worker process died while reading it", died=True)


def _on_dask(work: Callable[[J], R], jobs: Iterable[J], address: str) -> Iterator[Done[J, R]]:
    import distributed

    dask: Any = distributed
    with dask.Client(address) as client:
        futures = {client.submit(_guarded, work, job, pure=False): job for job in jobs}
        for future in dask.as_completed(futures):
            if future.status == "finished":
                yield future.result()
            else:
                yield Done(futures[future], error="its Dask worker died", died=True)
