"""Who works on what: a lease keeps several workers from doing one file at the same time.

A lease only saves work. That a result is kept once is the store's own doing (its key is unique),
so a lease that runs out too early costs time and nothing else. The lease of a process of this
computer ends with the process, however that ended; of another computer's it has to run out.
"""

import os
import socket
import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select

from labproc.store.rows import lease_of
from labproc.store.schema import leases
from labproc.store.store import Store

__all__ = ["Worker", "give_back", "held", "lease_of", "take"]

LEASE_S = 300.0  # longer than any file takes; a dead worker's files wait at most this long
CLOCKS_DIFFER_MS = 60_000  # between the computers of a lab


@dataclass(frozen=True, slots=True)
class Worker:
    """One process on one computer: who holds a lease."""

    computer: str
    pid: int
    began: str  # when the process began, as its system counts; numbers of processes come again

    @classmethod
    def this(cls) -> "Worker":
        """Return the process that asks."""
        return cls(_computer(), os.getpid(), _began(os.getpid()))

    @classmethod
    def of(cls, word: str) -> "Worker | None":
        """Return whom a lease's owner names, None where it names no process."""
        computer, _, rest = word.rpartition(" process ")
        pid, _, began = rest.partition(" of ")
        return cls(computer, int(pid), began) if computer and pid.isdigit() else None

    def __str__(self) -> str:
        return f"{self.computer} process {self.pid} of {self.began}"

    @property
    def has_ended(self) -> bool:
        """Whether the process is known to be no more: never of another computer's."""
        if self.computer != _computer() or os.name == "nt":
            return False  # Windows: signal 0 would end the process instead of asking for it
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        return self.began != _began(self.pid)


@lru_cache(maxsize=1)
def _computer() -> str:
    return socket.gethostname() or "this computer"


def _began(pid: int) -> str:
    """Return when a process began, empty where the system does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]  # starttime, field 22 of proc(5)


def take(
    store: Store,
    names: Collection[str],
    *,
    owner: str,
    seconds: float = LEASE_S,
    now_ms: int | None = None,
) -> set[str]:
    """Take what nobody else holds, and return what was got.

    A lease that ends further ahead than any lease can (the clock was set back) counts as ended.

    Parameters
    ----------
    names : collection of str
        What to work on, e.g. the text of a result's key.
    owner : str
        Who asks: one word for each process on each machine.
    """
    got: set[str] = set()
    with store.writing() as connection:
        # after the wait for other writers, or their leases would seem to begin in the future
        now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        until = now + int(seconds * 1000)
        latest = until + CLOCKS_DIFFER_MS
        held = {name: (who, end) for name, who, end in connection.execute(select(leases))}
        for name in names:
            who, end = held.get(name, (owner, 0))
            if who != owner and now < end <= latest and not _has_ended(who):
                continue
            if name in held:
                chosen = leases.update().where(leases.c.name == name)
                connection.execute(chosen.values(owner=owner, until_ms=until))
            else:
                connection.execute(leases.insert().values(name=name, owner=owner, until_ms=until))
            got.add(name)
    return got


def _has_ended(owner: str) -> bool:
    worker = Worker.of(owner)
    return worker is not None and worker.has_ended


def held(store: Store, *, now_ms: int | None = None) -> dict[str, str]:
    """Return what is being worked on now, and by whom."""
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    latest = now + int(LEASE_S * 1000) + CLOCKS_DIFFER_MS
    with store.reading() as connection:
        found = connection.execute(select(leases.c.name, leases.c.owner, leases.c.until_ms)).all()
    return {name: who for name, who, end in found if now < end <= latest and not _has_ended(who)}


def give_back(store: Store, names: Collection[str], *, owner: str) -> None:
    """End leases early: the work is done."""
    with store.writing() as connection:
        for name in names:
            mine = (leases.c.name == name) & (leases.c.owner == owner)
            connection.execute(leases.delete().where(mine))
