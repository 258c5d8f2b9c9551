"""What a scientist writes about a study, checked."""

from labproc.study.assign import Assignment, Found
from labproc.study.load import load_study
from labproc.study.settings import Settings
from labproc.study.study import Study

__all__ = ["Assignment", "Found", "Settings", "Study", "load_study"]
