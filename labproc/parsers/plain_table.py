"""A plain table with any sensible headings: what no instrument's layout fits."""

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.model import QpcrRun
from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import export_of, the_export
from labproc.parsers._layout import Layout
from labproc.parsers._run import run_of

_NAME = "plain_table"


def _sniff(content: Content) -> bool:
    export = content.once(export_of)
    if export is None or not export.tables:
        return False
    return not any(content.once(p.sniff) for name, p in PARSERS.items() if name != _NAME)


def _read(content: Content) -> QpcrRun:
    export = the_export(content)
    if not export.tables:
        raise ParseError(f"{export.name}: no row of headings with a well and a Cq")
    return run_of(content, export, [(table, Layout(_NAME)) for table in export.tables])


PARSERS.register(_NAME)(
    Parser(
        "qpcr",
        "A table with a well and a Cq",
        _sniff,
        _read,
        extensions=(".csv", ".txt", ".tsv", ".xlsx", ".xls"),
        note="Headings such as Well, Sample, Target, Task, Cq, Quantity; one reaction in a row.",
    )
)
