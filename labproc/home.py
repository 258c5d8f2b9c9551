"""What labproc keeps for the user who runs it, outside any study; all of it is safe to delete."""

import os
from pathlib import Path


def log_folder() -> Path:
    """Return the folder of labproc's own log, the platform's usual one."""
    return _folder("XDG_STATE_HOME", ".local/state")


def cache_folder() -> Path:
    """Return the folder of what can be made again, the platform's usual one."""
    return _folder("XDG_CACHE_HOME", ".cache")


def _folder(variable: str, usual: str) -> Path:
    base = os.environ.get("LOCALAPPDATA") or os.environ.get(variable)
    return (Path(base) if base else Path.home() / usual) / "labproc"
