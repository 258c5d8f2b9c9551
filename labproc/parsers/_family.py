"""What the parsers of text and workbook exports share: find the table, read it, keep the curves."""

from collections.abc import Callable
from dataclasses import dataclass

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.model import QpcrRun
from labproc.parsers._amplification import amplification_of
from labproc.parsers._export import Export, ResultTable, export_of, the_export
from labproc.parsers._reactions import decimal_sign
from labproc.parsers._run import Layout, run_of


@dataclass(frozen=True, slots=True)
class Family:
    """One layout of exports.

    Parameters
    ----------
    find : callable
        Returns the table of single wells if the export is of this family, else None.
    layout : callable
        Says what is special about an export of the family.
    """

    find: Callable[[Export], ResultTable | None]
    layout: Callable[[Export, ResultTable], Layout]

    def sniff(self, content: Content) -> bool:
        """Whether the content is of this family."""
        export = content.once(export_of)
        return export is not None and self.find(export) is not None

    def read(self, content: Content) -> QpcrRun:
        """Read the table, and the curves where there are any."""
        export = the_export(content)
        table = self.find(export)
        if table is None:
            raise ParseError(f"{export.name}: no table with a well and a Cq of this family")
        sign = decimal_sign(export.name, (table,))
        curves = amplification_of(content, table, sign)
        layout = self.layout(export, table)
        return run_of(content, export, [table], layout, decimal=sign, amplification=curves)
