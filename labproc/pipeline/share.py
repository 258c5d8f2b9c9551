"""Several processes on one study: each takes a share of the work, one at a time publishes.

Two watchers, a watcher and a run, a reviewer's save beside them: whoever comes takes leases on
jobs that nobody holds. What others hold is waited for, and taken over where they have died.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from labproc.pipeline.jobs import Job
from labproc.store import ResultKey, Store, with_result
from labproc.store.leases import Worker, give_back, held, lease_of, take

BATCH = 8  # leases taken at once: each taking is a write that is synced to disk
PUBLISHING = "publishing"
LOOK_S = 0.2  # between two looks at what others hold


class Share:
    """The jobs of a study that have no result yet, and those of them that this process takes."""

    def __init__(self, store: Store, todo: Mapping[ResultKey, Job]) -> None:
        self.store = store
        self.owner = str(Worker.this())
        self._left = dict(todo)

    def __bool__(self) -> bool:
        """Whether any job is left that neither we nor others have done."""
        return bool(self._left)

    def free(self) -> Iterator[Job]:
        """Yield the jobs that nobody else holds, leased to us, for as long as there are any."""
        names = iter(list(self._left))
        while batch := list(islice(names, BATCH)):
            mine = self._take(batch)
            yield from (self._left[key] for key in batch if key in mine)

    def done(self, key: ResultKey, *, saved: bool) -> None:
        """Say that a job of ours has ended; a saved result ended its lease already."""
        self._left.pop(key, None)
        if not saved:
            give_back(self.store, [lease_of(key)], owner=self.owner)

    def wait(self) -> None:
        """Wait until something that others hold is done, or free again since they have died."""
        while self._left:
            self._forget(list(self._left))
            working = held(self.store)
            if any(lease_of(key) not in working for key in self._left):
                return
            if self._left:
                time.sleep(LOOK_S)

    def _take(self, batch: Sequence[ResultKey]) -> set[ResultKey]:
        """Take leases; only then ask what is done, or a job that ends just now is done twice."""
        got = take(self.store, [lease_of(key) for key in batch], owner=self.owner)
        mine = {key for key in batch if lease_of(key) in got}
        known = self._forget(list(mine))
        if known:
            give_back(self.store, [lease_of(key) for key in known], owner=self.owner)
        return mine - known

    def _forget(self, keys: Sequence[ResultKey]) -> set[ResultKey]:
        """Drop what others have done, and return it."""
        known = with_result(self.store, keys)
        for key in known:
            self._left.pop(key, None)
        return known


@contextmanager
def one_publisher(store: Store) -> Iterator[None]:
    """Wait until nobody else writes tables, and keep others waiting meanwhile.

    Whoever publishes looks at the store again first, so that the last one's tables hold what
    every process has done.
    """
    owner = str(Worker.this())
    while not take(store, [PUBLISHING], owner=owner):
        time.sleep(LOOK_S)
    try:
        yield
    finally:
        give_back(store, [PUBLISHING], owner=owner)


def worked_on(store: Store) -> set[str]:
    """Return the SHA-256 of every file that a process is working on now."""
    return {name.split(":")[0] for name in held(store) if ":" in name}
