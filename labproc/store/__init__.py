"""The results database and its audit chain."""

from labproc.store.audit import AuditEntry
from labproc.store.columns import TABLES, columns_of
from labproc.store.connect import sqlite_url
from labproc.store.files import mark_gone, observation_history, observe
from labproc.store.omissions import (
    Omission,
    current_omissions,
    omission_history,
    omit_wells,
    speaks_of_a_well,
)
from labproc.store.results import (
    count_try,
    current_results,
    known_results,
    results_with,
    save_result,
    set_current,
    with_result,
)
from labproc.store.reviews import (
    Decision,
    GateVersion,
    Points,
    current_decisions,
    current_gates,
    decide,
    decision_history,
    gate_history,
    save_gate,
)
from labproc.store.rows import Observation, ResultKey, StoredResult
from labproc.store.store import Store

__all__ = [
    "TABLES",
    "AuditEntry",
    "Decision",
    "GateVersion",
    "Observation",
    "Omission",
    "Points",
    "ResultKey",
    "Store",
    "StoredResult",
    "columns_of",
    "count_try",
    "current_decisions",
    "current_gates",
    "current_omissions",
    "current_results",
    "decide",
    "decision_history",
    "gate_history",
    "known_results",
    "mark_gone",
    "observation_history",
    "observe",
    "omission_history",
    "omit_wells",
    "results_with",
    "save_gate",
    "save_result",
    "set_current",
    "speaks_of_a_well",
    "sqlite_url",
    "with_result",
]
