"""What one file's work gives, kept as the payload of its result; and all of them together."""

from collections.abc import Mapping
from dataclasses import dataclass

from labproc.model import Flag, Measurement, SourceFile
from labproc.pipeline.results import PlateView, TubeView


@dataclass(frozen=True, slots=True)
class FlowOutcome:
    """A gated tube, drawn and counted."""

    view: TubeView
    measurements: tuple[Measurement, ...]


@dataclass(frozen=True, slots=True)
class PlateOutcome:
    """A quantified qPCR run; ``unassigned`` are samples that no row or pattern explains."""

    view: PlateView
    measurements: tuple[Measurement, ...]
    unassigned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DnaOutcome:
    """DNA concentrations that give ``dna_ng`` to the plates: the mean of a sample's readings."""

    source: SourceFile
    ng_per_ul: Mapping[str, float]
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Every current result of a study, decoded."""

    tubes: tuple[TubeView, ...]
    plates: tuple[PlateView, ...]
    measured: tuple[Measurement, ...]
    flags: tuple[Flag, ...]
