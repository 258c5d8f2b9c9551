"""One file's work, described in plain values so that it can be hashed and sent to a worker."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from labproc.counts import CountRule
from labproc.model import Role, SampleKey, SharedGate, Spillover
from labproc.pipeline.payload import plain_json
from labproc.pipeline.versions import PIPELINE_VERSION
from labproc.qpcr import QpcrRules
from labproc.qpcr.master_curve import SharedCurve
from labproc.store import ResultKey

Points = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class ControlFile:
    """A tube that a gate leans on, and how closely it belongs to the sample.

    ``channel`` is the detector of a single stain.
    """

    role: Role
    matched: str
    sha256: str
    staged: str
    path: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class FlowJob:
    """Gate one tube and count in it.

    ``moved`` holds a reviewer's gates: population -> boundary points. ``count`` is set for the
    panel that the cells are counted in. ``grouped`` are populations whose gate the study shares
    between tubes, ``shared`` the outlines of this tube's groups once they are known.
    """

    path: str
    staged: str
    sha256: str
    key: SampleKey
    strategy: str
    strategy_sha256: str
    markers: Mapping[str, str] = field(default_factory=dict)
    controls: tuple[ControlFile, ...] = ()
    spillover: Spillover | None = None
    count: CountRule | None = None
    moved: Mapping[str, Points] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    grouped: tuple[str, ...] = ()
    shared: Mapping[str, SharedGate] = field(default_factory=dict)
    kind: str = "fcs"


@dataclass(frozen=True, slots=True)
class TableJob:
    """Read one file that is not FCS: a qPCR export or a DNA measurement, and quantify it.

    ``study`` is the study's folder: which sample a well is of is decided from names that only the
    file knows. ``sheets_sha256`` covers what those decisions rest on. ``omitted`` holds the wells
    that a reviewer took out, with the reason, and ``versions`` how often each was spoken of;
    ``ng_per_ul`` the DNA concentrations that the study's NanoDrop and Qubit files state;
    ``curves`` the file's parts of curves of several plates, by target.
    """

    path: str
    staged: str
    sha256: str
    study: str
    rules: QpcrRules
    sheets_sha256: str
    omitted: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    ng_per_ul: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, SharedCurve] = field(default_factory=dict)
    kind: str = "table"


Job = FlowJob | TableJob

# where a file lies does not change its numbers
_PLACES = frozenset({"staged", "path", "study"})


def result_key(job: Job) -> ResultKey:
    """Return what names the job's result: content, pipeline version and parameters."""
    return ResultKey(job.sha256, PIPELINE_VERSION, parameter_hash(job))


def parameter_hash(job: Job) -> str:
    """Return the SHA-256 of everything but places that the job's numbers depend on."""
    text = json.dumps(_without_places(plain_json(job)), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_places(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_places(v) for k, v in value.items() if k not in _PLACES}
    if isinstance(value, list):
        return [_without_places(v) for v in value]
    return value
