"""Results written for other programs: one file of code for each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labproc.pipeline.results import Results
from labproc.registry import Registry


@dataclass(frozen=True, slots=True)
class Export:
    """One format that results can be written in.

    Parameters
    ----------
    title : str
        The program or format as a scientist calls it.
    write : callable
        Results and a folder that exists to the files that were written, in order.
    """

    title: str
    write: Callable[[Results, Path], list[Path]]


EXPORTS: Registry[Export] = Registry("export format", "labproc.exchange")
