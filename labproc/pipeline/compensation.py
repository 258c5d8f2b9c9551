"""Which spillover a panel is compensated with: the file's, none, a matrix, or single stains."""

import numpy as np

from labproc.errors import ParseError, StudyError
from labproc.formats.spillover_matrix import read_spillover
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
            "file, none, controls or a matrix (csv, xlsx, mtx) beside study.toml"
        )
    try:
        return read_spillover(path)
    except ParseError as error:  # a setting to mend, not an instrument's file
        raise StudyError(f"study.toml, [panels.{panel}] compensation: {error}") from error


def _identity(detectors: tuple[str, ...]) -> Spillover:
    return Spillover(detectors, np.eye(len(detectors)))
