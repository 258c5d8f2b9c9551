"""A staged copy under the name that the scientist knows."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_name(staged: str, path: str) -> Iterator[Path]:
    """Give a staged copy under its name in ``raw/`` for as long as it is read.

    Staged copies are named by their content, so that what a parser says of a file, and whether
    its ending fits, would speak of a hash.
    """
    with tempfile.TemporaryDirectory(prefix="labproc-", ignore_cleanup_errors=True) as folder:
        named = Path(folder) / Path(path).name
        try:
            named.symlink_to(Path(staged).resolve())
        except OSError:  # Windows gives links to administrators only
            _link_or_copy(staged, named)
        yield named


def _link_or_copy(staged: str, named: Path) -> None:
    try:
        os.link(staged, named)
    except OSError:
        shutil.copyfile(staged, named)


def in_own_words(text: str, staged: str, path: str) -> str:
    """Return a message that speaks of the file by its name in ``raw/``."""
    return text.replace(Path(staged).name, Path(path).name)
