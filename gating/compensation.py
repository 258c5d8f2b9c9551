"""From raw values to linear fluorescence, and spillover taken out."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labproc.errors import GatingError
from labproc.model import Channel, Events, Flag, FlowTube, Spillover
from labproc.model.events import COMPENSATED, LINEAR, RAW
from labproc.model.flag import info, review, warning

CONDITION_LIMIT = 1e3  # beyond it a 1 % error of a coefficient is worth a whole signal
UNCOMPENSATED = Spillover((), np.empty((0, 0)))  # no matrix, not even the file's
NEGATIVE_LIMIT = -0.1  # autofluorescence leaves a few hundredths, an inverse matrix tenths
DIAGONAL_LIMIT = 0.2
Floats = NDArray[np.float64]
SPILL_LIMIT = 1.0  # more signal in a neighbour than in the dye's own detector


def linear_column(channel: Channel, raw: NDArray[Any], time_step_s: float | None) -> NDArray[Any]:
    """Put one channel on the linear scale: time in seconds, gain and log amplification undone.

    ``10 ** (decades x raw / range) x offset`` for log channels (an offset of 0 means 1), as FCS
    3.1 says; ``raw / gain`` for linear ones.
    """
    if channel.name.casefold() == "time":
        return raw if time_step_s is None else raw * time_step_s
    if channel.is_log and channel.range:
        values: NDArray[Any] = 10.0 ** (channel.decades * raw.astype(float) / channel.range)
        return values * (channel.offset or 1.0)
    return raw / channel.gain if channel.gain not in (0.0, 1.0) else raw


def linearise(tube: FlowTube) -> Events:
    """Apply the time step, gains and log amplification, once.

    Returns
    -------
    Events
        On the ``linear`` scale; events that are linear already are returned as they are.
    """
    events = tube.events
    if events.scale != RAW:
        return events
    values = np.array(events.values, copy=True, order="F")
    for j, channel in enumerate(events.channels):
        values[:, j] = linear_column(channel, events.values[:, j], tube.time_step_s)
    return replace(events, values=values, scale=LINEAR)


def unmixing(spillover: Spillover) -> NDArray[np.float64]:
    """Return the inverse of a spillover matrix: compensated = measured @ unmixing.

    Raises
    ------
    GatingError
        If the matrix cannot be inverted.
    """
    try:
        inverse = np.linalg.inv(spillover.matrix)
    except np.linalg.LinAlgError:
        raise GatingError(
            f"spillover: the matrix of {', '.join(spillover.detectors)} has no inverse, "
            "expected dyes that can be told apart; check the single stains"
        ) from None
    return np.asarray(inverse)


def compensate(events: Events, spillover: Spillover | None = None) -> Events:
    """Take spillover out of linear events.

    Parameters
    ----------
    events : Events
        On the ``linear`` scale.
    spillover : Spillover or None
        None uses the matrix that the file states; without one nothing is changed.

    Raises
    ------
    GatingError
        If the events are raw, or the matrix has no inverse.
    """
    if events.scale == RAW:
        raise GatingError("spillover: found raw values, expected linear ones; linearise first")
    matrix = spillover or events.spillover
    if events.scale == COMPENSATED or matrix is None:
        return replace(events, scale=COMPENSATED)
    columns = [events.index(d) for d in matrix.detectors]
    values = events.values.astype(np.float64)
    values[:, columns] = values[:, columns] @ unmixing(matrix)
    return replace(events, values=values, spillover=matrix, scale=COMPENSATED)


def _diagonal(matrix: Floats) -> list[Flag]:
    """Say whether a dye's own signal is taken for something else than 1."""
    own = np.diag(matrix)
    if np.allclose(own, 1.0, atol=0.01):
        return []
    far = float(own[np.abs(own - 1.0).argmax()])
    if abs(far - 1.0) <= DIAGONAL_LIMIT:
        text = f"the spillover matrix's diagonal is not 1 ({far:.3g})"
        return [warning("spillover_diagonal", text)]
    text = f"the spillover matrix's diagonal is {far:.3g}, expected 1"
    return [review("spillover_nonsense", f"{text}; are the numbers percentages?")]


def check_spillover(spillover: Spillover | None) -> tuple[Flag, ...]:
    """Say whether a matrix is missing, an identity or nonsense."""
    if spillover is None:
        return (info("uncompensated", "the file states no spillover; nothing was compensated"),)
    matrix, names = spillover.matrix, spillover.detectors
    if spillover.is_identity:
        return (info("uncompensated", "the spillover matrix is the identity: uncompensated"),)
    flags: list[Flag] = []
    off = matrix - np.diag(np.diag(matrix))
    flags += _diagonal(matrix)
    if np.abs(off).max() > SPILL_LIMIT:
        i, j = np.unravel_index(int(np.abs(off).argmax()), off.shape)
        spill = f"{names[i]} spills {off[i, j]:.2f} into {names[j]}"
        flags.append(review("spillover_nonsense", f"{spill}, more than its own signal"))
    elif off.min() < NEGATIVE_LIMIT:
        i, j = np.unravel_index(int(off.argmin()), off.shape)
        spill = f"{names[i]} spills {off[i, j]:.2f} into {names[j]}"
        flags.append(review("spillover_nonsense", f"{spill}: is the matrix an inverse already?"))
    condition = float(np.linalg.cond(matrix))
    if condition > CONDITION_LIMIT:
        text = f"condition number {condition:.0f}: some dyes can hardly be told apart"
        flags.append(review("spillover_ill_conditioned", text))
    return tuple(flags)
