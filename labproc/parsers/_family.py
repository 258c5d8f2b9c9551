"""What the parsers of text and workbook exports share: find the table, read it, keep the curves."""

from collections.abc import Callable
from dataclasses import dataclass

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.model import QpcrRun
from labproc.parsers._amplification import amplification_of, curve_points
from labproc.parsers._export import Export, ResultTable, export_of, the_export
from labproc.parsers._layout import Layout
from labproc.parsers._reactions import decimal_sign
from labproc.parsers._run import run_of


@dataclass(frozen=True, slots=True)
class Family:
    """One layout of exports.

    Parameters
    ----------
    fits : callable
        Whether a table of single wells is of this family.
    layout : callable
        Says what is special about one table of an export.
    """

    fits: Callable[[ResultTable], bool]
    layout: Callable[[Export, ResultTable], Layout]

    def sniff(self, content: Content) -> bool:
        """Whether the content is of this family."""
        export = content.once(export_of)
        return export is not None and any(self.fits(table) for table in export.tables)

    def read(self, content: Content) -> QpcrRun:
        """Read every table of the family, and the curves where there are any."""
        export = the_export(content)
        tables = [table for table in export.tables if self.fits(table)]
        if not tables:
            raise ParseError(f"{export.name}: no table with a well and a Cq of this family")
        sign = decimal_sign(export.name, tables)
        curves = amplification_of(curve_points(content), tables[0], sign)
        parts = [(table, self.layout(export, table)) for table in tables]
        return run_of(content, export, parts, decimal=sign, amplification=curves)
