"""Every table as Parquet, with types, for Python and R."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labproc.errors import SettingsError
from labproc.exchange import EXPORTS, Export
from labproc.pipeline.results import Results
from labproc.pipeline.tables import HEADERS, Row, all_tables


def write(results: Results, folder: Path) -> list[Path]:
    """Write one file a table; numbers are numbers, what is missing is null.

    Raises
    ------
    SettingsError
        If pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise SettingsError(
            "export parquet: pyarrow is not installed; install it with "
            "pip install 'labproc[parquet]'"
        ) from error
    paths = []
    for name, rows in all_tables(results).items():
        columns = {column: _column(pyarrow, rows, column) for column in HEADERS[name]}
        path = folder / f"{name}.parquet"
        parquet.write_table(pyarrow.table(columns), path)
        paths.append(path)
    return paths


def _column(pyarrow: Any, rows: Sequence[Row], column: str) -> Any:
    """Return one column: text, true or false, whole numbers, or numbers."""
    values = [row[column] for row in rows]
    known = [v for v in values if v is not None]
    # a missing day is empty text in the tables, beside days that are numbers
    if any(not isinstance(v, str) for v in known):
        values = [None if v == "" else v for v in values]
        known = [v for v in values if v is not None]
    return pyarrow.array(values, _type(pyarrow, known))


def _type(pyarrow: Any, known: Sequence[Any]) -> Any:
    if any(isinstance(v, str) for v in known):
        return pyarrow.string()
    if known and all(isinstance(v, bool) for v in known):
        return pyarrow.bool_()
    if known and all(isinstance(v, int) for v in known):
        return pyarrow.int64()
    return pyarrow.float64()


EXPORTS.register("parquet")(Export("Parquet, one file a table", write))
