"""What lies in ``raw/`` now, staged and described: the files that a plan is made of."""

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labproc.errors import ParseError
from labproc.formats.drafts import clean_drafts
from labproc.intake import (
    Seen,
    TornFile,
    away,
    devices,
    is_quiet,
    is_under,
    scan,
    stage,
    staged_path,
    wait_until_quiet,
)
from labproc.pipeline.disk import disk_error, plain_disk_errors
from labproc.pipeline.planner import RawFile
from labproc.pipeline.results import FileStatus
from labproc.store import Observation, Store, mark_gone, observation_history, observe
from labproc.study import Study

STAGING_THREADS = 8  # 1,000 small files: 0.9 s against 10.5 s one by one
DEVICES = "devices"  # in the store: which devices the files in raw/ lay on
State = tuple[int, int, int]  # size, time and inode, see Seen.state
STAGED = "staged"  # under results/: copies named by their content


@dataclass(frozen=True, slots=True)
class Gathered:
    """Files to plan with, and the status of those that cannot be planned with yet.

    ``away`` names the shares that are not there: the drop folder itself is ''.
    """

    files: tuple[RawFile, ...]
    statuses: tuple[FileStatus, ...] = ()
    n_new: int = 0
    away: tuple[str, ...] = ()


def gather(
    study: Study,
    store: Store,
    *,
    hold: Collection[str] | None = None,
    take: Mapping[str, State] | None = None,
    on_news: Callable[[Sequence[Seen]], None] | None = None,
) -> Gathered:
    """Look at ``raw/``, stage what is new or changed, and describe every file.

    Parameters
    ----------
    hold : collection of str, optional
        Paths to leave for later, since they are still being written. Without it files that were
        written a moment ago are waited for.
    take : mapping, optional
        The only files to take, each in the state it settled in; instead of ``hold``.
    on_news : callable, optional
        Called with the files that are about to be staged, where there are any.
    """
    # the store first: what another process observes meanwhile must not look gone to this one
    known = {o.path: o for o in observation_history(store) if o.state == "current"}
    with plain_disk_errors(study.raw):
        seen = scan(study.raw)
    missing = shares_away(store, study.raw, seen)
    _mark_gone(store, known, seen, missing)
    _remember_devices(store, study.raw, seen, missing)
    staging = study.results / STAGED
    clean_drafts(staging)
    new = [s for s in seen if _is_new(s, known.get(s.path), staging)]
    if take is not None:
        late = {s.path for s in new if take.get(s.path) != s.state}
    else:
        late = _unsettled(study.raw, new) if hold is None else set(hold)
    ready = [s for s in new if s.path not in late]
    if ready and on_news is not None:
        on_news(ready)
    staged = _stage_all(study.raw, staging, ready)
    observe(store, [one for one in staged if isinstance(one, Observation)])
    statuses = [one for one in staged if isinstance(one, FileStatus)]
    statuses += [_waiting(path) for path in sorted(late)]
    files = tuple(known_files(study, store))
    return Gathered(files, tuple(statuses), len(new), tuple(sorted(missing)))


def known_files(study: Study, store: Store) -> list[RawFile]:
    """Return the files that the store knows, without looking at ``raw/``.

    Files that have gone keep their place in the study: their results stand on the staged copy.
    """
    observed = [o for o in observation_history(store) if o.state != "replaced"]
    here = {o.sha256 for o in observed if o.state == "current"}
    kept = [o for o in observed if o.state == "current" or o.sha256 not in here]
    return [_raw_file(o, study.results / STAGED) for o in kept]


def _raw_file(one: Observation, staging: Path) -> RawFile:
    facts = one.facts
    return RawFile(
        path=one.path,
        sha256=one.sha256,
        staged=str(staged_path(staging, one.sha256)),
        kind=facts.get("kind", "table"),
        plate=facts.get("plate", ""),
        well=facts.get("well", ""),
        tube=facts.get("tube", ""),
        date=facts.get("date", ""),
        gone=one.state == "gone",
    )


def _is_new(seen: Seen, known: Observation | None, staging: Path) -> bool:
    if known is None or (known.size, known.mtime_ns, known.inode) != seen.state:
        return True
    return not staged_path(staging, known.sha256).is_file()


def shares_away(store: Store, raw: Path, seen: Iterable[Seen]) -> set[str]:
    """Return the shares that held files and are not there now."""
    return away(json.loads(store.get_meta(DEVICES) or "{}"), devices(raw), [s.path for s in seen])


def _remember_devices(store: Store, raw: Path, seen: Iterable[Seen], missing: set[str]) -> None:
    """Write down which devices hold files, so that a share that goes away is missed."""
    before = json.loads(store.get_meta(DEVICES) or "{}")
    paths = [s.path for s in seen]
    now = {
        share: device
        for share, device in devices(raw).items()
        if any(is_under(path, share) for path in paths)
    }
    now |= {share: before[share] for share in missing}
    if now != before:
        store.put_meta(DEVICES, json.dumps(now, sort_keys=True))


def _mark_gone(
    store: Store, known: Iterable[str], seen: Iterable[Seen], missing: Collection[str]
) -> None:
    """Record what is no longer there; what lies on a share that is away is not gone."""
    here = {s.path for s in seen}
    gone = [p for p in known if p not in here and not any(is_under(p, m) for m in missing)]
    if gone:
        mark_gone(store, gone)


def _unsettled(raw: Path, new: Sequence[Seen]) -> set[str]:
    """Return the files that are still being written after some patience."""
    now = time.time_ns()
    young = {s.path: s for s in new if s.size > 0 and not is_quiet(s, now_ns=now)}
    if not young:
        return set()
    return set(young) - wait_until_quiet(partial(scan, raw), young)


def _waiting(path: str) -> FileStatus:
    return FileStatus(path, "", "waiting", reason="still being written; taken up at the next look")


def _stage_all(raw: Path, staging: Path, new: Sequence[Seen]) -> list[Observation | FileStatus]:
    """Stage many files at once: what takes the time is waiting for the disk to have each."""
    if len(new) < 2:
        return [_stage_one(raw, staging, seen) for seen in new]
    with ThreadPoolExecutor(STAGING_THREADS) as pool:
        return list(pool.map(partial(_stage_one, raw, staging), new))


def _stage_one(raw: Path, staging: Path, seen: Seen) -> Observation | FileStatus:
    if seen.size <= 0:
        what = "empty (0 bytes)" if seen.size == 0 else "not a regular file"
        reason = f"{seen.path}: {what}, expected an instrument's file"
        return FileStatus(seen.path, "", "set_aside", reason=reason)
    try:
        staged = stage(raw / seen.path, staging)
    except TornFile as error:
        return FileStatus(seen.path, "", "waiting", reason=str(error))
    except ParseError as error:
        return FileStatus(seen.path, "", "set_aside", reason=str(error))
    except OSError as error:
        raise disk_error(error, staging) from error
    facts = describe(staged.path)
    return Observation(seen.path, staged.sha256, *seen.state, facts)


def describe(staged: Path) -> dict[str, str]:
    """Return what a file's head says: its kind and, for FCS, plate, well, tube and date."""
    with staged.open("rb") as file:
        if file.read(3).upper() != b"FCS":
            return {"kind": "table"}
    from labproc.formats.fcs.dataset import open_fcs
    from labproc.parsers import fcs

    try:
        tube = fcs.describe(*open_fcs(staged))
    except ParseError:
        return {"kind": "fcs"}  # refused with its reason when it is read
    when = tube.source.acquired_at
    said = {"plate": tube.plate, "well": tube.well, "tube": tube.tube}
    return {"kind": "fcs", **said, "date": when.date().isoformat() if when else ""}
