"""Frozen types that every part of labproc shares; numpy and the standard library only."""

from labproc.model.culture import CultureEvent, PatientEvent, Plan
from labproc.model.dna import DnaSample, DnaTable
from labproc.model.events import Channel, Events, FlowTube, Spillover
from labproc.model.flag import Flag, Severity
from labproc.model.measurement import METRICS, Measurement
from labproc.model.populations import ROOT, Boundary, GateResult, Populations, SharedGate
from labproc.model.qpcr import (
    Amplification,
    CopyNumber,
    CqTable,
    QpcrRun,
    ReportedCurve,
    StandardCurve,
    Status,
    Task,
    Well,
)
from labproc.model.release import (
    GatedTube,
    OutsideValue,
    ReleaseRow,
    Share,
    Specification,
    Verdict,
)
from labproc.model.sample import Role, SampleKey, SourceFile
from labproc.model.trend import Comparison, Robustness, Trend

__all__ = [
    "METRICS",
    "ROOT",
    "Amplification",
    "Boundary",
    "Channel",
    "Comparison",
    "CopyNumber",
    "CqTable",
    "CultureEvent",
    "DnaSample",
    "DnaTable",
    "Events",
    "Flag",
    "FlowTube",
    "GateResult",
    "GatedTube",
    "Measurement",
    "OutsideValue",
    "PatientEvent",
    "Plan",
    "Populations",
    "QpcrRun",
    "ReleaseRow",
    "ReportedCurve",
    "Robustness",
    "Role",
    "SampleKey",
    "Severity",
    "Share",
    "SharedGate",
    "SourceFile",
    "Specification",
    "Spillover",
    "StandardCurve",
    "Status",
    "Task",
    "Trend",
    "Verdict",
    "Well",
]
