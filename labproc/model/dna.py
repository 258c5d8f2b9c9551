"""DNA concentrations as a spectrophotometer or fluorometer gives them."""

from dataclasses import dataclass
from datetime import datetime

from labproc.model.flag import Flag
from labproc.model.sample import SourceFile


@dataclass(frozen=True, slots=True)
class DnaSample:
    """One reading of one sample.

    ``ng_per_ul`` is of the sample itself, not of the diluted tube; None where the instrument
    gives no number (out of range). The ratios are those of absorbances, None for fluorometers.
    """

    sample: str
    ng_per_ul: float | None
    a260_a280: float | None = None
    a260_a230: float | None = None
    well: str = ""
    assay: str = ""
    measured_at: datetime | None = None
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class DnaTable:
    """One export of a NanoDrop or Qubit: its readings in file order, repeats included."""

    source: SourceFile
    format: str
    samples: tuple[DnaSample, ...] = ()
    flags: tuple[Flag, ...] = ()
