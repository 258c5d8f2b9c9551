"""What a scientist writes about a study, checked."""

from labproc.study.assign import Assignment, Found
from labproc.study.load import Study, load_study
from labproc.study.settings import Settings

__all__ = ["Assignment", "Found", "Settings", "Study", "load_study"]
