"""NanoDrop 1000, 2000, 8000, One and Eight: DNA from absorbance."""

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.model import DnaTable
from labproc.parsers import PARSERS, Parser
from labproc.parsers._dna import DnaColumns, columns_like, plain, read_dna

_PATTERNS = {
    "sample": ("samplename", "sampleid", "sample"),
    "concentration": (
        r"nucleicacid(conc|concentration)?(\(.*\))?",
        r"ng/ul",
        r"conc(entration)?(\(.*\))?",
        r"dsdna(\(.*\))?",
    ),
    "unit": ("units?", "nucleicacidunits?", "concunits?", "concentrationunits?"),
    "a260_a280": (r"a?260/a?280",),
    "a260_a230": (r"a?260/a?230",),
    "well": ("well", "location", "position"),
    "assay": ("sampletype", "application", "type", "measurementtype"),
    "date": ("date", "dateandtime", "datetime"),
    "time": ("time",),
    "factor": ("nucleicacidfactor", "factor", "constant"),
}
_PROTEIN = frozenset({"e1%", "extcoeffx10e3", "molwtkda", "protein(mg/ml)"})
_NEEDED = frozenset({"sample", "concentration", "a260_a280"})


def _columns(content: Content) -> DnaColumns | None:
    return columns_like(content, _PATTERNS, _NEEDED)


def _sniff(content: Content) -> bool:
    return _columns(content) is not None


def _read(content: Content) -> DnaTable:
    columns = _columns(content)
    if columns is None:
        raise ParseError(f"{content.path.name}: no sample, concentration and 260/280")
    if _PROTEIN & {plain(columns.header.text(i)) for i in range(len(columns.header.cells))}:
        raise ParseError(f"{content.path.name}: protein readings, expected nucleic acid")
    return read_dna(content, columns, name="nanodrop", instrument="NanoDrop")


PARSERS.register("nanodrop")(
    Parser(
        "dna",
        "NanoDrop",
        _sniff,
        _read,
        extensions=(".csv", ".tsv", ".txt", ".xlsx"),
        instruments=("NanoDrop 1000, 2000, 8000", "NanoDrop One, Eight"),
        note="Source of dna_ng: ng per µL times the volume put in the well.",
    )
)
