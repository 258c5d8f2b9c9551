"""Bio-Rad: CFX Manager and Maestro, C1000, iQ5, MyiQ, Opticon; csv, txt, xlsx."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import Export, ResultTable
from labproc.parsers._family import Family
from labproc.parsers._run import Layout

_HEADINGS = frozenset({"well", "fluor"})
_TASKS = frozenset({"content", "type"})


def _table(export: Export) -> ResultTable | None:
    for table in export.tables:
        headings = table.headings()
        if headings >= _HEADINGS and headings & _TASKS:
            return table
    return None


_FAMILY = Family(_table, lambda export, table: Layout("bio_rad_cfx", "Bio-Rad"))


PARSERS.register("bio_rad_cfx")(
    Parser(
        "qpcr",
        "Bio-Rad CFX, C1000, MyiQ, iQ5, Opticon",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".csv", ".txt", ".xlsx"),
        instruments=("CFX96, CFX384, CFX Opus", "C1000", "MyiQ, iQ5", "Opticon"),
        note="Export All Data Sheets, and keep 'Quantification Cq Results'. A .pcrd is encrypted.",
    )
)
