"""From a drop folder to a file that can be trusted."""

from labproc.intake.away import away, devices, is_under
from labproc.intake.scan import Seen, scan
from labproc.intake.settle import is_complete, is_quiet, quiet_s, unchanged, wait_until_quiet
from labproc.intake.stage import Staged, TornFile, stage, staged_path

__all__ = [
    "Seen",
    "Staged",
    "TornFile",
    "away",
    "devices",
    "is_complete",
    "is_quiet",
    "is_under",
    "quiet_s",
    "scan",
    "stage",
    "staged_path",
    "unchanged",
    "wait_until_quiet",
]
