"""Files as they were seen in ``raw/``: every content that ever stood under a path is remembered."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from labproc.store.audit import now_utc
from labproc.store.rows import Observation, as_seen, observation
from labproc.store.schema import observations
from labproc.store.store import Store


def observation_history(store: Store) -> list[Observation]:
    """Return every file ever seen, the current ones and those replaced or gone."""
    with store.reading() as connection:
        rows = connection.execute(observations.select().order_by(observations.c.seq)).mappings()
        return [observation(row) for row in rows]


def observe(store: Store, seen: Iterable[Observation]) -> None:
    """Record files as they are seen now; a path's older content becomes ``replaced``."""
    at = now_utc()
    # the last look at a path counts, should it be given twice
    looks = {one.path: one for one in seen}.values()
    c = observations.c
    with store.writing() as connection:
        known = connection.execute(select(c.path, c.sha256, c.seq, c.state)).all()
        seqs = {(path, sha256): seq for path, sha256, seq, _ in known}
        now = {one.path: one.sha256 for one in looks}
        replaced = [
            {"at_seq": seq, "state": "replaced"}
            for path, sha256, seq, state in known
            if state == "current" and now.get(path, sha256) != sha256
        ]
        again = [
            {"at_seq": seqs[one.path, one.sha256], **as_seen(one, at)}
            for one in looks
            if (one.path, one.sha256) in seqs
        ]
        new = [
            {"path": o.path, "sha256": o.sha256, "first_seen_at": at, **as_seen(o, at)}
            for o in looks
            if (o.path, o.sha256) not in seqs
        ]
        chosen = observations.update().where(c.seq == bindparam("at_seq"))
        for rows in filter(None, (replaced, again)):
            connection.execute(chosen, rows)
        if new:
            connection.execute(observations.insert(), new)


def mark_gone(store: Store, paths: Iterable[str]) -> None:
    """Record that files are no longer in ``raw/``; their results are kept."""
    with store.writing() as connection:
        for path in paths:
            connection.execute(
                observations.update()
                .where(observations.c.path == path, observations.c.state == "current")
                .values(state="gone")
            )
