"""Files that are written under another name first, so that none is ever half there."""

import contextlib
import errno
import os
import time
from pathlib import Path

STALE_S = 3600.0  # nothing takes this long to write


def draft_path(path: Path) -> Path:
    """Return the name to write a file under before it takes its own, beside it."""
    return path.with_name(f".{os.getpid()}-{path.name}.part")


def write_whole(path: Path, content: str | bytes, *, durable: bool = False) -> None:
    """Write a file, text as UTF-8, whole or not at all; what stood there stays until then.

    ``durable`` waits until the disk has it: for what cannot be made again from raw files.

    Raises
    ------
    OSError
        If it cannot be written, or the disk kept less of it than it said.
    """
    data = content.encode() if isinstance(content, str) else content
    draft = draft_path(path)
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            check_size(file.fileno(), len(data), path)
            if durable:
                os.fsync(file.fileno())
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def check_size(descriptor: int, expected: int, path: Path) -> None:
    """Refuse a file that holds less, or more, than was written to it."""
    kept = os.fstat(descriptor).st_size
    if kept != expected:
        said = f"{kept} of {expected} bytes were kept"
        raise OSError(errno.EIO, said, str(path))


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
