"""From Cq values to copies, with intervals."""

from labproc.qpcr.analysis import analyse_run
from labproc.qpcr.measurements import sample_measurements
from labproc.qpcr.results import AcceptanceRow, RunAnalysis, StandardPoint
from labproc.qpcr.rules import QpcrRules

__all__ = [
    "AcceptanceRow",
    "QpcrRules",
    "RunAnalysis",
    "StandardPoint",
    "analyse_run",
    "sample_measurements",
]
