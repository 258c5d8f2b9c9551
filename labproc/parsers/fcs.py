"""FCS files of any cytometer into the model."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from labproc.errors import ParseError
from labproc.formats.content import Content, look
from labproc.formats.fcs import about
from labproc.formats.fcs.block import Matrix
from labproc.formats.fcs.dataset import DataSet, open_content
from labproc.formats.fcs.header import looks_like_fcs
from labproc.formats.fcs.plausible import clocks
from labproc.formats.fcs.spillover import read_spillover
from labproc.model import Events, FlowTube, SourceFile
from labproc.model.flag import unique
from labproc.parsers import PARSERS, Parser
from labproc.registry import nearest


def read_tube(
    path: Path,
    *,
    dataset: int = 1,
    channels: Sequence[str] | None = None,
    sha256: str | None = None,
) -> FlowTube:
    """Read one data set of an FCS file.

    Parameters
    ----------
    path : Path
        A regular file.
    dataset : int
        Which data set, counted from 1.
    channels : sequence of str, optional
        Detectors to read, in this order; all by default.
    sha256 : str, optional
        The file's hash where it is known already; computed otherwise.

    Returns
    -------
    FlowTube
        Events on the ``raw`` scale: as stored, nothing applied.

    Raises
    ------
    ParseError
        If the file is not FCS, is damaged, or has no such data set or channel.
    """
    data, n_datasets = open_content(look(path), dataset=dataset)
    columns = None if channels is None else _columns(data, channels)
    kept = data.channels if columns is None else tuple(data.channels[c] for c in columns)
    tube = describe(data, n_datasets, dataset=dataset)
    events = replace(tube.events, values=data.matrix(columns), channels=kept)
    source = replace(tube.source, sha256=sha256 or file_sha256(path))
    return replace(tube, source=source, events=events)


def describe(data: DataSet, n_datasets: int, *, dataset: int = 1) -> FlowTube:
    """Return what a data set says of itself, without its events and its file's hash."""
    words = data.keywords
    instrument = about.first(words, "$CYT")
    spillover, doubts = read_spillover(words, data.channels)
    volume, volume_doubts = about.volume(words, instrument=instrument, seconds=_seconds(data))
    return FlowTube(
        source=SourceFile(
            path=str(data.source.path),
            sha256="",
            parser="fcs",
            instrument=instrument or None,
            acquired_at=about.acquired_at(words),
        ),
        events=Events(np.empty((0, len(data.channels))), data.channels, spillover, volume),
        keywords={**words, **{f"ANALYSIS/{k}": v for k, v in data.analysis.items()}},
        version=data.version,
        dataset=dataset,
        n_datasets=n_datasets,
        cytometer=instrument,
        tube=about.first(words, "TUBE NAME", "$SMNO", "$SRC", "$FIL"),
        well=about.first(words, "$WELLID", "WELL ID", "WELLID"),
        plate=about.first(words, "$PLATENAME", "$PLATEID", "PLATE NAME", "PLATE ID"),
        time_step_s=about.time_step_s(words),
        flow_rate_ul_min=about.flow_rate_ul_min(words),
        flags=unique([*data.flags, *doubts, *volume_doubts]),
    )


def _columns(data: DataSet, names: Sequence[str]) -> list[int]:
    known = {c.name: i for i, c in enumerate(data.channels)}  # names are unique by now
    for name in names:
        if name not in known:
            hint = nearest(name, list(known))
            raise ParseError(f"{data.source.path.name}: no channel {name!r}; {hint}")
    return [known[name] for name in names]


def _seconds(data: DataSet) -> float | None:
    """Return how long the events' own clock ran; the last event minus the first."""
    step = about.time_step_s(data.keywords)
    columns = clocks(data.channels)
    if step is None or not columns or data.n_events < 2:
        return None
    first, last = data.ends(columns[0])
    ran = (last - first) * step
    return ran if np.isfinite(ran) and ran > 0 else None


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def events_sha256(blocks: Iterable[Matrix]) -> str:
    """Return the SHA-256 over events as little-endian float64, events by parameters."""
    digest = hashlib.sha256()
    with np.errstate(invalid="ignore"):  # a signalling NaN is still a NaN
        for block in blocks:
            digest.update(np.ascontiguousarray(block, dtype="<f8").data)
    return digest.hexdigest()


def _sniff(content: Content) -> bool:
    return looks_like_fcs(content.head)


def read(content: Content) -> FlowTube:
    """Read the first data set of a file that was recognised."""
    return read_tube(content.path)


PARSERS.register("fcs")(
    Parser(
        kind="fcs",
        title="Flow cytometry standard (FCS 2.0, 3.0, 3.1, 3.2)",
        sniff=_sniff,
        read=read,
        extensions=(".fcs", ".lmd"),
        instruments=("Attune NxT and every other cytometer",),
        note="all data sets; F, D, I of any width and A; both byte orders",
    )
)
