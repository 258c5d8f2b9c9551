"""What flowio and fcsparser read in an FCS file, asked in processes of their own.

Agreement is evidence, not truth: each of them reads some real files wrong, hangs or dies on
others. They are never in the path of results.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labproc.formats.fcs.dataset import open_fcs

MEMORY_BYTES = 4 << 30
SECONDS = 60
TOLERANCE = 1e-6  # relative
_LAST_WORDS = 160  # characters of a reader's complaint worth showing


def compare(path: Path, *, dataset: int = 1) -> list[dict[str, str]]:
    """Compare the events with what other readers see.

    Returns
    -------
    list of dict
        One per reader: ``reader``, ``verdict`` (``equal``, ``differs`` or ``cannot_judge``) and
        ``says``, a sentence.

    Raises
    ------
    ParseError
        If labproc itself cannot read the file.
    """
    data, _ = open_fcs(path, dataset=dataset)
    if dataset != 1:
        says = "reads only the first data set, cannot judge"
        return [_answer(name, "cannot_judge", says) for name in READERS]
    ours = data.matrix()
    return [_judge(name, path, ours) for name in READERS]


def _judge(reader: str, path: Path, ours: NDArray[Any]) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "events.npy"
        complaint = _ask(reader, path, out)
        if complaint or not out.exists():
            return _answer(reader, "cannot_judge", f"cannot read it ({complaint})")
        theirs: NDArray[np.float64] = np.load(out, allow_pickle=False)
    return _verdict(reader, ours, theirs)


def _answer(reader: str, verdict: str, says: str) -> dict[str, str]:
    return {"reader": reader, "verdict": verdict, "says": says}


def _verdict(reader: str, ours: NDArray[Any], theirs: NDArray[np.float64]) -> dict[str, str]:
    if ours.shape != theirs.shape:
        says = f"reads {_shape(theirs)}, labproc {_shape(ours)}"
        return _answer(reader, "differs", says)
    same = np.isclose(theirs, ours, rtol=TOLERANCE, atol=0, equal_nan=True)
    if same.all():
        return _answer(reader, "equal", f"reads the same {_shape(ours)}")
    row, column = np.argwhere(~same)[0]
    says = (
        f"reads {np.count_nonzero(~same)} of {same.size} values differently, the first in event "
        f"{row + 1}, channel {column + 1}: {theirs[row, column]:g}, labproc {ours[row, column]:g}"
    )
    return _answer(reader, "differs", says)


def _shape(values: NDArray[Any]) -> str:
    return f"{values.shape[0]} events x {values.shape[1]} channels"


def _ask(reader: str, path: Path, out: Path) -> str:
    """Let a reader write its events to ``out``; return its complaint, empty when it has none."""
    call = [sys.executable, "-m", "labproc.formats.second_opinion", reader, str(path), str(out)]
    try:
        done = subprocess.run(call, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return f"still reading after {SECONDS} s"
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:_LAST_WORDS] if lines else f"ended with {done.returncode}"


def _by_flowio(path: str) -> NDArray[np.float64]:
    import flowio

    read = flowio.FlowData(path)
    return np.reshape(np.asarray(read.events, np.float64), (-1, read.channel_count))


def _by_fcsparser(path: str) -> NDArray[np.float64]:
    import fcsparser

    _, events = fcsparser.parse(path, reformat_meta=False)
    return np.asarray(events.to_numpy(), np.float64)


READERS: Mapping[str, Callable[[str], NDArray[np.float64]]] = {
    "flowio": _by_flowio,
    "fcsparser": _by_fcsparser,
}


def _limit() -> None:
    """Keep a reader that goes astray from taking the machine with it."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def main(reader: str, path: str, out: str) -> None:
    """Read a file with one reader and save what it sees; runs in its own process."""
    _limit()
    np.save(out, READERS[reader](path), allow_pickle=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
