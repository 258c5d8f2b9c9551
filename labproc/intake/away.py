"""Whether files are gone, or the share that they lie on is.

An unplugged share leaves an empty folder of another device, or none. Its files are away: nobody
deleted them.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from labproc.intake.scan import is_ignored


def devices(raw: Path) -> dict[str, int]:
    """Return the device of a drop folder, and of each folder in it that lies on another one.

    Returns
    -------
    dict
        Path below the drop folder ('' for itself) -> number of the device; nothing where it is
        not there.
    """
    try:
        top = raw.stat().st_dev
    except OSError:
        return {}
    return {"": top, **_within(raw, "", top)}


def _within(folder: Path, prefix: str, device: int) -> dict[str, int]:
    found: dict[str, int] = {}
    try:
        entries = [e for e in os.scandir(folder) if e.is_dir(follow_symlinks=False)]
    except OSError:
        return found
    for entry in entries:
        if is_ignored(entry.name):
            continue
        try:
            own = entry.stat(follow_symlinks=False).st_dev
        except OSError:
            continue
        path = f"{prefix}{entry.name}"
        if own != device:
            found[path] = own
        found |= _within(Path(entry.path), f"{path}/", own)
    return found


def away(known: Mapping[str, int], now: Mapping[str, int], seen: Iterable[str]) -> set[str]:
    """Return the shares that are away: no file there, and not the device that held the files.

    Parameters
    ----------
    known, now : mapping
        ``devices`` as they were when files were seen there, and as they are.
    seen : iterable of str
        Paths of the files that are there now.
    """
    paths = list(seen)
    return {
        share
        for share, device in known.items()
        if now.get(share) != device and not any(is_under(path, share) for path in paths)
    }


def is_under(path: str, share: str) -> bool:
    """Whether a path lies on a share; all do on the drop folder's own."""
    return not share or path.startswith(f"{share}/")
