"""Every table as Parquet, with types, for Python and R."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labproc.errors import SettingsError
from labproc.exchange import EXPORTS, Export
from labproc.pipeline.results import Results
from labproc.pipeline.tables import Row, all_tables
from labproc.store import columns_of
from labproc.store.columns import NUMBERS, WHOLE

TRUE_OR_FALSE = frozenset({"planned"})


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
        columns = {column: _column(pyarrow, rows, column) for column in columns_of(name)}
        path = folder / f"{name}.parquet"
        parquet.write_table(pyarrow.table(columns), path)
        paths.append(path)
    return paths


def _column(pyarrow: Any, rows: Sequence[Row], column: str) -> Any:
    """Return one column of the type that the store gives it; a missing number is null."""
    kind = _type(pyarrow, column)
    values = [row[column] for row in rows]
    if not pyarrow.types.is_string(kind):
        values = [None if v == "" else v for v in values]
    return pyarrow.array(values, kind)


def _type(pyarrow: Any, column: str) -> Any:
    if column in TRUE_OR_FALSE:
        return pyarrow.bool_()
    if column in WHOLE:
        return pyarrow.int64()
    return pyarrow.float64() if column in NUMBERS else pyarrow.string()


EXPORTS.register("parquet")(Export("Parquet, one file a table", write))
