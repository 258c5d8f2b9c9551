"""Which spillover a panel is compensated with: the file's, none, a matrix, or single stains."""

from pathlib import Path

import numpy as np

from labproc.errors import StudyError
from labproc.formats.table import read_table
from labproc.model import Spillover
from labproc.study import Study

FILE, NONE, CONTROLS = "file", "none", "controls"


def panel_spillover(study: Study, panel: str) -> Spillover | None:
    """Return the matrix that a panel's setting asks for; None leaves it to the file or the stains.

    Raises
    ------
    StudyError
        If the setting is none of ``file``, ``none``, ``controls`` and no matrix file of the study.
    """
    settings = study.settings.panels[panel]
    if settings.compensation in (FILE, CONTROLS):
        return None
    if settings.compensation == NONE:
        return _identity(tuple(dict.fromkeys(settings.markers.values())))
    path = study.folder / settings.compensation
    if not path.is_file():
        raise StudyError(
            f"study.toml, [panels.{panel}]: compensation is {settings.compensation!r}, expected "
            "file, none, controls or a matrix (csv) beside study.toml"
        )
    return read_matrix(path)


def _identity(detectors: tuple[str, ...]) -> Spillover:
    return Spillover(detectors, np.eye(len(detectors)))


def read_matrix(path: Path) -> Spillover:
    """Read a spillover matrix from a table: dyes in rows, detectors in the headings.

    Raises
    ------
    StudyError
        If it is not square, or a cell is not a number.
    """
    table = read_table(path)
    has_names = len(table.header) - len(table.rows)  # a first column that names the dyes
    if has_names not in (0, 1):
        raise StudyError(
            f"{path.name}: {len(table.rows)} rows under {len(table.header)} headings, expected a "
            "square matrix with a row for each detector"
        )
    names = table.header[has_names:]
    rows = [[row.cells[name] for name in names] for row in table.rows]
    try:
        return Spillover(names, np.array([[float(c) for c in row] for row in rows]))
    except ValueError as error:
        raise StudyError(f"{path.name}: {error}, expected numbers in every cell") from error
