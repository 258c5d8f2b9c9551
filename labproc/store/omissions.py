"""Wells that a reviewer took out of a qPCR run: each word about a well is one more decision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from labproc.errors import StoreError
from labproc.store import audit as chain
from labproc.store.audit import AuditEntry, now_utc
from labproc.store.schema import decisions
from labproc.store.signatures import refuse_signed
from labproc.store.store import Store, set_meta

OMITTED, RESTORED = "omitted ", "restored "
"""How a decision about a well begins; the well follows: ``omitted CAR:A1``."""


@dataclass(frozen=True, slots=True)
class Omission:
    """The last word about a well; ``version`` counts the words, ``omitted`` says which it was."""

    well: str
    version: int
    omitted: bool
    who: str
    reason: str
    decided_at: str


def speaks_of_a_well(verdict: str) -> bool:
    """Whether a decision is about a well and not about the whole file."""
    return verdict.startswith((OMITTED, RESTORED))


def omit_wells(
    store: Store, sha256: str, wells: Sequence[str], *, who: str, reason: str,
    omitted: bool = True, subject: str = "",
) -> None:  # fmt: skip
    """Take wells out of a run, or back into it, each with its audit row; all of them or none.

    Parameters
    ----------
    wells : sequence of str
        ``A1`` for everything in the well, ``CAR:A1`` for one target of it.

    Raises
    ------
    StoreError
        If no reason is given, a well stands as asked already, or the file's results are signed.
    """
    if not reason.strip():
        raise StoreError(f"well {', '.join(wells)}: no reason given, expected why it was changed")
    with store.writing() as connection:
        refuse_signed(connection, sha256, subject)
        columns = (decisions.c.verdict, decisions.c.who, decisions.c.reason, decisions.c.decided_at)
        query = select(*columns).where(decisions.c.sha256 == sha256).order_by(decisions.c.seq)
        at = now_utc()  # one for all: what was said in one go is undone in one go
        now = latest_words(tuple(row) for row in connection.execute(query))
        for well in dict.fromkeys(wells):
            stands = well in now and now[well].omitted
            if stands == omitted:
                word = "left out already" if omitted else "not left out by a reviewer"
                raise StoreError(f"{subject or sha256}: well {well} is {word}, expected a change")
            old = OMITTED + well if stands else RESTORED + well if well in now else ""
            verdict = (OMITTED if omitted else RESTORED) + well
            values = {"sha256": sha256, "verdict": verdict, "who": who, "reason": reason}
            connection.execute(decisions.insert().values(**values, decided_at=at))
            entry = AuditEntry(who, "reviewed", chain.about(subject, sha256), old, verdict, reason)
            set_meta(connection, "audit_head", chain.append(connection, entry))


def omission_history(store: Store) -> dict[str, dict[str, Omission]]:
    """Return file -> well -> the last word about it, wells that were taken back in too."""
    c = decisions.c
    query = select(c.sha256, c.verdict, c.who, c.reason, c.decided_at).order_by(c.seq)
    files: dict[str, list[tuple[str, ...]]] = {}
    with store.reading() as connection:
        for sha256, *words in connection.execute(query):
            files.setdefault(sha256, []).append(tuple(words))
    found = {sha256: latest_words(words) for sha256, words in files.items()}
    return {sha256: wells for sha256, wells in found.items() if wells}


def current_omissions(store: Store) -> dict[str, dict[str, Omission]]:
    """Return file -> well -> omission for the wells that stand left out."""
    found = {
        sha256: {well: one for well, one in wells.items() if one.omitted}
        for sha256, wells in omission_history(store).items()
    }
    return {sha256: wells for sha256, wells in found.items() if wells}


def latest_words(words: Iterable[tuple[str, ...]]) -> dict[str, Omission]:
    """Return the last word about every well, wells in the order of their first."""
    found: dict[str, Omission] = {}
    for verdict, who, reason, at in words:
        if speaks_of_a_well(verdict):
            well = verdict.partition(" ")[2]
            version = found[well].version + 1 if well in found else 1
            found[well] = Omission(well, version, verdict.startswith(OMITTED), who, reason, at)
    return found
