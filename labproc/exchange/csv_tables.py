"""Every table as CSV, safe to open in a spreadsheet."""

from pathlib import Path

from labproc.exchange import EXPORTS, Export
from labproc.pipeline.results import Results
from labproc.pipeline.tables import all_tables, write_tables


def write(results: Results, folder: Path) -> list[Path]:
    """Write the study's tables; text that a spreadsheet would run comes out as text."""
    tables = all_tables(results)
    write_tables(tables, folder)
    return [folder / f"{name}.csv" for name in tables]


EXPORTS.register("csv")(Export("CSV, one file a table", write))
