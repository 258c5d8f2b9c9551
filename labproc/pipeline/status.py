"""What became of every file of a study and what lies in ``raw/`` now, without doing anything."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from labproc.intake import Seen, is_complete, is_quiet, is_under, scan
from labproc.pipeline.asked import earlier
from labproc.pipeline.disk import plain_disk_errors
from labproc.pipeline.gather import known_files, shares_away
from labproc.pipeline.planner import plan
from labproc.pipeline.publish import final_statuses
from labproc.pipeline.results import FileStatus
from labproc.store import Observation, Store, observation_history
from labproc.study import load_study
from labproc.wording import in_order

AWAY = "the share it lies on is not there; its results are kept"
GONE = "no longer in raw/; its results are kept"
CHANGED = "its content has changed since it was read; the version that was read is kept"


def study_status(folder: Path) -> list[FileStatus]:
    """Return every file's status, by path.

    What the store knows is held against what lies in ``raw/`` now: files that are new, changed,
    still being written, gone or away since the last look are said to be.
    """
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        planned = plan(study, known_files(study, store), earlier(study, store))
        known = final_statuses(store, planned)
        observed = observation_history(store)
        with plain_disk_errors(study.raw):
            seen = {s.path: s for s in scan(study.raw)}
        missing = shares_away(store, study.raw, seen.values())
    here = {one.path: one for one in observed if one.state == "current"}
    statuses = [_now(s, here, seen, missing, study.raw) for s in known]
    statuses += [_new(one, study.raw) for path, one in seen.items() if path not in here]
    statuses += [_replaced(one) for one in observed if one.state == "replaced"]
    return sorted(statuses, key=lambda s: (in_order(s.path), s.sha256))


def _now(
    status: FileStatus,
    here: Mapping[str, Observation],
    seen: Mapping[str, Seen],
    missing: set[str],
    raw: Path,
) -> FileStatus:
    """Return a known file's status with what has happened to it since it was read."""
    if status.path not in here:
        return status  # already recorded as gone
    one, now = here[status.path], seen.get(status.path)
    if now is None:
        is_away = any(is_under(status.path, share) for share in missing)
        state, reason = ("away", AWAY) if is_away else ("gone", GONE)
        return replace(status, state=state, reason=reason)
    # another inode alone says nothing: shares count anew when they are mounted again
    if (now.size, now.mtime_ns) == (one.size, one.mtime_ns):
        return status
    written = _still_written(now, raw)
    return replace(status, state="waiting" if written else "changed", reason=written or CHANGED)


def _new(one: Seen, raw: Path) -> FileStatus:
    if one.size < 0:
        return FileStatus(one.path, "", "set_aside", reason=f"{one.path}: not a regular file")
    if one.size == 0:
        return FileStatus(one.path, "", "set_aside", reason=f"{one.path}: empty (0 bytes)")
    written = _still_written(one, raw)
    if written:
        return FileStatus(one.path, "", "waiting", reason=written)
    return FileStatus(one.path, "", "new", reason="not processed yet")


def _still_written(one: Seen, raw: Path) -> str:
    """Say why a file is not finished, empty where it is."""
    if not is_quiet(one, now_ns=time.time_ns()):
        return "still being written; taken up when it has not changed for some seconds"
    if not is_complete(raw / one.path):
        return "not complete yet by its own format; taken up when it is"
    return ""


def _replaced(one: Observation) -> FileStatus:
    reason = "newer content stands under the same name; this version is kept"
    return FileStatus(one.path, one.sha256, "replaced", one.facts.get("kind", ""), reason=reason)
