"""Who works on what: a lease keeps several workers from doing one file at the same time.

A lease only saves work. That a result is kept once is the store's own doing (its key is unique),
so a lease that runs out too early costs time and nothing else.
"""

import time
from collections.abc import Collection

from sqlalchemy import select

from labproc.store.schema import leases
from labproc.store.store import Store

LEASE_S = 300.0  # longer than any file takes; a dead worker's files wait at most this long
CLOCKS_DIFFER_MS = 60_000  # between the computers of a lab


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
            if who != owner and now < end <= latest:
                continue
            if name in held:
                chosen = leases.update().where(leases.c.name == name)
                connection.execute(chosen.values(owner=owner, until_ms=until))
            else:
                connection.execute(leases.insert().values(name=name, owner=owner, until_ms=until))
            got.add(name)
    return got


def give_back(store: Store, names: Collection[str], *, owner: str) -> None:
    """End leases early: the work is done."""
    with store.writing() as connection:
        for name in names:
            mine = (leases.c.name == name) & (leases.c.owner == owner)
            connection.execute(leases.delete().where(mine))
