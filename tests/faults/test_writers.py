"""Instruments that write slowly, anew, over, or once more: never is a torn file taken."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labproc.formats.fcs.write import write_fcs
from labproc.model import Channel
from labproc.store import Store, observation_history

PIECES = 5
LONGER_THAN_QUIET_S = 6.5  # an FCS file is taken after 5 s, if it is complete
SHORTER_THAN_QUIET_S = 2.0
Steps = Iterator[float]  # each yields the seconds until its next step


def tube(folder: Path, n: int) -> bytes:
    path = folder / "tube.fcs"
    events = np.random.default_rng(n).random((400, 3)).astype(np.float32)
    write_fcs(path, events, [Channel(c) for c in ("FSC-A", "SSC-A", "BL1-A")], keywords={})
    return path.read_bytes()


def in_pieces(path: Path, data: bytes, pause_s: float) -> Steps:
    size = len(data) // PIECES + 1
    for i in range(0, len(data), size):
        with path.open("ab") as file:
            file.write(data[i : i + size])
        yield pause_s


def slow_writer(path: Path, data: bytes) -> Steps:
    """One pause is longer than the quiet time: only the format says that it is not finished."""
    pieces = in_pieces(path, data, SHORTER_THAN_QUIET_S)
    yield next(pieces)
    next(pieces)
    yield LONGER_THAN_QUIET_S
    yield from pieces


def rename_over(path: Path, old: bytes, new: bytes) -> Steps:
    path.write_bytes(old)
    yield 1.0
    other = path.with_suffix(".part")
    yield from in_pieces(other, new, SHORTER_THAN_QUIET_S)
    other.replace(path)


def cut_and_write_anew(path: Path, old: bytes, new: bytes) -> Steps:
    path.write_bytes(old)
    yield 3.0
    path.write_bytes(b"")
    yield from in_pieces(path, new, SHORTER_THAN_QUIET_S)


def append_after_done(path: Path, old: bytes, more: bytes, is_done: Callable[[], bool]) -> Steps:
    path.write_bytes(old)
    while not is_done():
        yield 1.0
    yield from in_pieces(path, more, SHORTER_THAN_QUIET_S)


def write_all(writers: list[Steps]) -> None:
    """Let all writers write at once, each in its own time."""
    now = time.monotonic()
    due = [(now + n * 0.02, writer) for n, writer in enumerate(writers)]
    while due:
        due.sort(key=lambda one: one[0])
        at, writer = due.pop(0)
        time.sleep(max(0.0, at - time.monotonic()))
        pause = next(writer, None)
        if pause is not None:
            due.append((time.monotonic() + pause, writer))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def writers_of(raw: Path, each: int, plate_of: Any, tmp: Path, staged: Path) -> Any:
    """Return the writers, path -> final content, and every content that may be taken."""
    writers: list[Steps] = []
    final: dict[str, bytes] = {}
    whole: set[str] = set()
    for n in range(each):
        slow = tube(tmp, n)
        old, new = tube(tmp, 1000 + n), tube(tmp, 2000 + n)
        first, second = plate_of(n), plate_of(5000 + n)
        more = f"H9;D{n}_Len_d9;CAR;Unknown;26.5;\n".encode()
        done = staged / sha(plate_of(9000 + n))[:2] / sha(plate_of(9000 + n))
        writers += [
            slow_writer(raw / f"slow{n}.fcs", slow),
            rename_over(raw / f"over{n}.fcs", old, new),
            cut_and_write_anew(raw / f"anew{n}.csv", first, second),
            append_after_done(raw / f"more{n}.csv", plate_of(9000 + n), more, done.is_file),
        ]
        final |= {
            f"slow{n}.fcs": slow,
            f"over{n}.fcs": new,
            f"anew{n}.csv": second,
            f"more{n}.csv": plate_of(9000 + n) + more,
        }
        whole |= {sha(old), sha(first), sha(plate_of(9000 + n))}
    return writers, final, whole | {sha(data) for data in final.values()}


def check_writers(
    each: int, plates: Path, watchers: Any, plate_of: Any, until: Any, tmp: Path
) -> None:
    raw, staged = plates / "raw", plates / "results" / "staged"
    writers, final, whole = writers_of(raw, each, plate_of, tmp, staged)
    watchers.start("--workers", "1", "--every", "0.5")
    until(lambda: "ready" in watchers.said(), 90)
    writing = threading.Thread(target=write_all, args=(writers,))
    writing.start()
    writing.join(300 + each)

    def current() -> dict[str, str]:
        with Store.open(plates / "results/labproc.sqlite") as store:
            return {o.path: o.sha256 for o in observation_history(store) if o.state == "current"}

    until(lambda: current() == {path: sha(data) for path, data in final.items()}, 300)
    taken = {path.name for path in staged.rglob("*") if path.is_file()}
    assert taken <= whole, "a torn file was taken"
    with Store.open(plates / "results/labproc.sqlite") as store:
        seen = {o.sha256 for o in observation_history(store)}
        assert seen <= whole
        replaced = [o for o in observation_history(store) if o.state == "replaced"]
        assert len([o for o in replaced if o.path.startswith("more")]) == each
        assert store.verify_audit() == []
    assert watchers.stop() == [0]


def test_a_few_writers(
    plates: Path, watchers: Any, plate_of: Any, until: Any, tmp_path: Path
) -> None:
    check_writers(2, plates, watchers, plate_of, until, tmp_path)


@pytest.mark.soak
def test_two_hundred_writers(
    plates: Path, watchers: Any, plate_of: Any, until: Any, tmp_path: Path
) -> None:
    check_writers(50, plates, watchers, plate_of, until, tmp_path)
