"""Files that are written under another name first, so that none is ever half there."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

STALE_S = 3600.0  # nothing takes this long to write


def draft_path(path: Path) -> Path:
    """Return the name to write a file under before it takes its own, beside it."""
    return path.with_name(f".{os.getpid()}-{path.name}.part")


@contextlib.contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """Give a name to write a file under; it takes its own at the end, or goes where that fails."""
    draft = draft_path(path)
    try:
        yield draft
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def clean_drafts(folder: Path) -> None:
    """Remove drafts whose process is no more: it was killed while it wrote."""
    for draft in folder.glob(".*.part"):
        pid = draft.name[1:].split("-")[0]
        if pid.isdigit() and not _is_alive(int(pid), draft):
            with contextlib.suppress(OSError):
                draft.unlink()


def _is_alive(pid: int, draft: Path) -> bool:
    if os.name == "nt":  # where signal 0 would end the process instead of asking for it
        return time.time() - draft.stat().st_mtime < STALE_S
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
