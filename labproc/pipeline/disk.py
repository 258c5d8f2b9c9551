"""What the disk refused, in a line for people."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labproc.errors import LabprocError, StoreError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
PASSING = FULL | {errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
"""What a system says when it is nobody's mistake: it may be over at the next try."""
TOO_MANY = frozenset({errno.EMFILE, errno.ENFILE})


@contextmanager
def plain_disk_errors(folder: Path) -> Iterator[None]:
    """Turn an error of the disk's into one that says where, what and what to do.

    Parameters
    ----------
    folder : Path
        Where it was, when the system does not say.
    """
    try:
        yield
    except BrokenPipeError:  # `labproc run | head`: no disk
        raise
    except OSError as error:
        raise disk_error(error, folder) from error


def disk_error(error: OSError, folder: Path) -> LabprocError:
    """Return the error to show: nothing was half written, so that the next run goes on."""
    where = error.filename if isinstance(error.filename, str) else folder
    if error.errno in FULL:
        return StoreError(
            f"{where}: the disk is full, expected room for a copy of every new file and the "
            "results; free some and run again, nothing is lost"
        )
    if error.errno in TOO_MANY:
        return StoreError(
            f"{where}: too many open files, expected a higher limit (ulimit -n); nothing is lost"
        )
    said = error.strerror or " ".join(str(error).split()) or type(error).__name__
    return StoreError(f"{where}: {said}; run again, nothing is lost")
