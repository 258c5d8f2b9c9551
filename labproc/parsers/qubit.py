"""Qubit 2, 3, 4 and Flex: DNA from fluorescence."""

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.model import DnaTable
from labproc.parsers import PARSERS, Parser
from labproc.parsers._dna import DnaColumns, columns_like, read_dna

_PATTERNS = {
    "sample": ("samplename", "sampleid", "testname", "name"),
    "concentration": (r"originalsampleconc(entration)?", r"stockconc(entration)?", "sampleconc"),
    "unit": (
        r"originalsampleconcunits",
        r"unitsoriginalsampleconc",
        r"stockconcunits",
        r"units?",
    ),
    "tube": (r"qubittubeconc(entration)?", "tubeconc"),
    "assay": ("assayname", "assay", "assaytype"),
    "date": ("testdate", "date/time", "date", "datetime"),
    "well": ("well", "tube"),
}
_NEEDED = frozenset({"sample", "concentration", "tube"})


def _columns(content: Content) -> DnaColumns | None:
    return columns_like(content, _PATTERNS, _NEEDED)


def _sniff(content: Content) -> bool:
    return _columns(content) is not None


def _read(content: Content) -> DnaTable:
    columns = _columns(content)
    if columns is None:
        raise ParseError(f"{content.path.name}: no sample and original sample concentration")
    return read_dna(content, columns, name="qubit", instrument="Qubit")


PARSERS.register("qubit")(
    Parser(
        "dna",
        "Qubit",
        _sniff,
        _read,
        extensions=(".csv", ".xlsx"),
        instruments=("Qubit 2.0, 3, 4", "Qubit Flex"),
        note="The original sample's concentration is taken, not that of the diluted tube.",
    )
)
