"""Run a function in a worker process with memory, CPU and time limits.

Workbooks are read by native code that can abort on a hostile file; here that ends the worker and
not the program. One worker stays ready for each process that asks (a warm call costs under a
millisecond) and is replaced when it dies, overruns or has served many calls.

Arguments and results cross as JSON, so that a worker that went wrong can hand back nothing but
data.
"""

import atexit
import contextlib
import importlib
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from labproc.errors import ParseError

_LENGTH = struct.Struct("<Q")
_CALLS_PER_WORKER = 500  # then a fresh one, against slow growth


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may use: MiB of memory, seconds of CPU, seconds on the clock."""

    memory_mib: int = 420
    cpu_s: int = 20
    wall_s: float = 30.0


def call(function: Callable[..., Any], *args: Any, name: str, limits: Limits | None = None) -> Any:
    """Call a module-level function of labproc in the worker and return what it returns.

    Parameters
    ----------
    function : callable
        Takes and returns what JSON can hold. Its module should import little.
    name : str
        What is being read, to begin messages with.
    limits : Limits, optional

    Raises
    ------
    ParseError
        If the function raises anything, uses more than its limits or ends its process.
    """
    return _SANDBOX.call(function, args, name=name, limits=limits or Limits())


class _Sandbox:
    """The worker of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._limits: Limits | None = None
        self._calls = 0

    def call(
        self, function: Callable[..., Any], args: tuple[Any, ...], *, name: str, limits: Limits
    ) -> Any:
        request = json.dumps([f"{function.__module__}:{function.__name__}", list(args)]).encode()
        with self._lock:
            process = self._ready(limits)
            answer, overran = _exchange(process, request, limits.wall_s)
            if answer is None:
                self._stop()
        if answer is None:
            raise ParseError(f"{name}: {_why(overran, limits)}; the file may be damaged or hostile")
        if answer["ok"]:
            return answer["value"]
        raise ParseError(f"{name}: {answer['message']}")

    def _ready(self, limits: Limits) -> "subprocess.Popen[bytes]":
        stale = self._calls >= _CALLS_PER_WORKER or limits != self._limits
        if self._process is None or self._process.poll() is not None or stale:
            self._stop()
            command = [sys.executable, "-P", "-m", "labproc.formats.sandbox"]
            command += [str(limits.memory_mib), str(limits.cpu_s)]
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": _search_path()},
            )
            self._limits, self._calls = limits, 0
        self._calls += 1
        return self._process

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout) if self._process else ():
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._process = None

    def forget(self) -> None:
        """Let go of the parent's worker after a fork; it is not ours to stop."""
        self._lock = threading.Lock()
        if self._process is not None:
            self._process.returncode = 0
        self._close()

    def stop(self) -> None:
        """End the worker."""
        with self._lock:
            self._stop()


def _search_path() -> str:
    """Return where the worker finds the same labproc, also in a checkout that is not installed."""
    ours = str(Path(__file__).parents[2])
    return os.pathsep.join(p for p in (ours, os.environ.get("PYTHONPATH", "")) if p)


def _why(overran: bool, limits: Limits) -> str:
    if overran:
        return f"took longer than {limits.wall_s:g} s to read"
    return f"reading ended the worker (limits {limits.memory_mib} MiB, {limits.cpu_s} s of CPU)"


def _exchange(
    process: "subprocess.Popen[bytes]", request: bytes, wall_s: float
) -> tuple[dict[str, Any] | None, bool]:
    """Send a request and return the answer, or None and whether the clock ran out."""
    overran = threading.Event()

    def end() -> None:
        overran.set()
        process.kill()

    timer = threading.Timer(wall_s, end)
    timer.daemon = True
    timer.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        _send(process.stdin, request)
        data = _receive(process.stdout)
        answer = None if data is None else json.loads(data)
        return (answer if isinstance(answer, dict) else None), overran.is_set()
    except (OSError, ValueError):
        return None, overran.is_set()
    finally:
        timer.cancel()


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)) + data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    size = _LENGTH.unpack(head)[0]
    data = pipe.read(size)
    return data if len(data) == size else None


def _serve(memory_mib: int, cpu_s: int) -> None:
    """Answer requests until the asking process closes its end; runs in the worker."""
    incoming, outgoing = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever native code prints must not enter the answers
    importlib.import_module("labproc.formats._calamine")
    _limit_memory(memory_mib)
    while (request := _receive(incoming)) is not None:
        _limit_cpu(cpu_s)
        _send(outgoing, json.dumps(_answer(request)).encode())


def _answer(request: bytes) -> dict[str, Any]:
    target, args = json.loads(request)
    module, _, function = target.partition(":")
    try:
        if not module.startswith("labproc."):
            raise ValueError(f"{module} is not a module of labproc")
        value = getattr(importlib.import_module(module), function)(*args)
        return {"ok": True, "value": value}
    except MemoryError:
        return {"ok": False, "message": "needs more memory than a reader may use"}
    except BaseException as error:  # a panic of native code derives from BaseException
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        return {"ok": False, "message": str(error) or type(error).__name__}


def _limit_memory(memory_mib: int) -> None:
    """Bound memory, and let the worker write no file and dump no core."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; the clock still holds
        return
    for which, value in (
        (resource.RLIMIT_AS, memory_mib << 20),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (value, value))


def _limit_cpu(cpu_s: int) -> None:
    """Allow so many more seconds of CPU from now on."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + cpu_s
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


_SANDBOX = _Sandbox()
atexit.register(_SANDBOX.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_SANDBOX.forget)

if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
