"""FlowJo's table as it comes from a browser: read before it is kept, nothing lost when it is."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from labproc.errors import StudyError
from labproc.exchange._flowjo_table import NAMES, find_table, read_flowjo_table
from labproc.formats.content import look
from labproc.formats.drafts import write_whole
from labproc.pipeline.disk import plain_disk_errors
from labproc.store import AuditEntry, Store
from labproc.study import load_study

MOST_BYTES = 5_000_000  # 384 tubes of 50 populations are 0.3 MB as text
LONGEST_SHOWN = 80  # characters of a name that came with an upload
WHY = "to compare with; no result rests on it"


@dataclass(frozen=True, slots=True)
class KeptTable:
    """What became of a table: its name in the study, its percentages, the one it replaced.

    ``earlier`` is what the replaced one is called now, ``is_new`` False where the same content
    was there already.
    """

    name: str
    n_values: int
    earlier: str = ""
    is_new: bool = True


def keep_flowjo_table(folder: Path, name: str, content: bytes, *, who: str) -> KeptTable:
    """Put FlowJo's table where the comparison looks for it, with an audit row.

    The name is only said, never used: the table is called by what it holds. One with another
    content that stood there is kept beside it under a name with its hash.

    Raises
    ------
    StudyError
        If it is too large or no table of FlowJo's; nothing is written then.
    """
    said = shown_name(name)
    suffix, n = _checked(said, content)
    before = find_table(folder)
    old = before.read_bytes() if before else b""
    if before and old == content:
        return KeptTable(before.name, n, is_new=False)
    target = folder / f"flowjo{suffix}"
    study = load_study(folder)
    with Store.open(study.store_url) as store, plain_disk_errors(folder):
        earlier = [_set_aside(folder / one) for one in NAMES if (folder / one).is_file()]
        write_whole(target, content, durable=True)
        for one in NAMES:  # only now: at no moment is there no table
            if one != target.name:
                (folder / one).unlink(missing_ok=True)
        was = "; ".join(f"{_hash(folder / e)}, now {e}" for e in earlier)
        new = f"{said!r}, sha256 {_hash(target)}, {n} percentages"
        store.audit(AuditEntry(who, "flowjo table kept", target.name, was, new, WHY))
    return KeptTable(target.name, n, ", ".join(earlier))


def shown_name(name: str) -> str:
    r"""Return what can be shown of a name that a browser sent: no folders, nothing invisible.

    Examples
    --------
    >>> shown_name("../../etc/pass\u202ewd.csv"), shown_name("C:\\lab\\Table 7.csv"), shown_name("")
    ('passwd.csv', 'Table 7.csv', 'the table')
    """
    bare = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in bare if c.isprintable()).strip()[:LONGEST_SHOWN] or "the table"


def _checked(said: str, content: bytes) -> tuple[str, int]:
    """Return a table's suffix by its content, and how many percentages it holds."""
    if len(content) > MOST_BYTES:
        raise StudyError(
            f"{said}: {len(content) / 1e6:.1f} MB, expected FlowJo's table of statistics, "
            f"at most {MOST_BYTES / 1e6:.0f} MB"
        )
    with tempfile.TemporaryDirectory() as made:  # what nobody has read yet lies in no study
        draft = Path(made) / "table"
        draft.write_bytes(content)
        n = len(read_flowjo_table(draft, name=said))
        seen = look(draft)
    if seen.is_zip or seen.is_ole:
        return (".xls" if seen.is_ole else ".xlsx"), n
    return (".txt" if b"\t" in content.partition(b"\n")[0] else ".csv"), n


def _set_aside(path: Path) -> str:
    """Copy a table to a name with its hash, and return that name."""
    name = f"flowjo.earlier-{_hash(path)[:12]}{path.suffix}"
    write_whole(path.with_name(name), path.read_bytes(), durable=True)
    return name


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
