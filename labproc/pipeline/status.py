"""What became of every file of a study, without doing anything."""

from pathlib import Path

from labproc.intake import scan
from labproc.pipeline.gather import known_files
from labproc.pipeline.planner import plan
from labproc.pipeline.publish import final_statuses
from labproc.pipeline.results import FileStatus
from labproc.pipeline.runner import earlier
from labproc.store import Observation, Store
from labproc.study import load_study


def study_status(folder: Path) -> list[FileStatus]:
    """Return every file's status, those that were replaced and those not looked at yet too."""
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        planned = plan(study, known_files(study, store), earlier(store))
        statuses = list(final_statuses(store, planned))
        observed = store.observations()
    here = {one.path for one in observed if one.state == "current"}
    new = [s.path for s in scan(study.raw) if s.path not in here]
    statuses += [FileStatus(path, "", "new", reason="not processed yet") for path in new]
    statuses += [_replaced(one) for one in observed if one.state == "replaced"]
    return sorted(statuses, key=lambda s: (s.path, s.sha256))


def _replaced(one: Observation) -> FileStatus:
    reason = "newer content stands under the same name; this version is kept"
    return FileStatus(one.path, one.sha256, "replaced", one.facts.get("kind", ""), reason=reason)
