"""One simulated tube: events as an Attune NxT would store them, and what each event really is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labproc.model import Events, FlowTube, SourceFile
from labproc.simulate._light import Cells, scatter, stain
from labproc.simulate.panels import PANELS, SPILL, THRESHOLD, TOP, channels
from labproc.simulate.spec import TubeSpec

FLOW_UL_MIN = 200.0
TIME_STEP_S = 0.001
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SimulatedTube:
    """A tube on the raw scale, with one truth mask (n_events,) per population.

    Masks: ``Cells`` (not debris), ``Singlets``, ``Live``, ``T cells``, ``CAR+``, ``CD4+``,
    ``CD8+``, ``CD4+CD8+``, ``CD4-CD8-``, each within the one before up to ``T cells``; and
    ``Disturbed`` for events of a clog.
    """

    tube: FlowTube
    masks: Mapping[str, Bools] = field(default_factory=dict)


def simulate_tube(
    spec: TubeSpec | None = None, *, seed: int | np.random.Generator = 0
) -> SimulatedTube:
    """Simulate the events of one tube with the truth about each of them."""
    rng = np.random.default_rng(seed)
    spec = spec or TubeSpec()
    cells = _draw_cells(spec, rng)
    time = _arrival(cells.n, spec, rng)
    light = scatter(cells, rng)
    dyes = stain(cells, PANELS[spec.panel] if spec.stained else {}, spec, light, rng)
    values = _record(light, dyes, time, spec, cells, rng)
    seen = values[:, 3] > THRESHOLD  # FSC-H, before saturation
    np.clip(values[:, 1:10], None, TOP, out=values[:, 1:10])
    tube = _tube(values[seen], spec)
    return SimulatedTube(tube, {k: m[seen] for k, m in _masks(cells, time, spec).items()})


def _draw_cells(spec: TubeSpec, rng: np.random.Generator) -> Cells:
    """Draw what flows by: cells alone, cells in pairs, debris."""
    n_cells = int(rng.poisson(spec.cells_per_ul * spec.volume_ul * _flowing(spec)))
    pairs = int(rng.binomial(n_cells, spec.doublets / (1 + spec.doublets)))
    single = max(n_cells - 2 * pairs, 0)
    intact = single + pairs
    debris = int(rng.poisson(intact * spec.debris / (1 - spec.debris)))
    kinds = {name: _kinds(intact, pairs, spec, rng) for name in ("first", "second")}
    return Cells.of(kinds["first"], kinds["second"], pairs, debris, rng)


def _flowing(spec: TubeSpec) -> float:
    """Return the share of the cells that a clog lets through."""
    if spec.clog is None:
        return 1.0
    return 1.0 - 0.6 * (spec.clog[1] - spec.clog[0])


def _kinds(
    n: int, pairs: int, spec: TubeSpec, rng: np.random.Generator
) -> dict[str, NDArray[np.bool_]]:
    """Draw what each of n cells carries."""
    alive = rng.random(n) < spec.viability
    t_cell = rng.random(n) < spec.t_fraction
    where = rng.random(n)
    neither = where < spec.double_negative
    doubled = ~neither & (where < spec.double_negative + spec.double_positive)
    cd4 = rng.random(n) < spec.cd4_fraction / (1 - spec.double_negative - spec.double_positive)
    return {
        "alive": alive,
        "CD3": t_cell,
        "CAR": t_cell & (rng.random(n) < spec.car_fraction),
        "CD4": t_cell & ~neither & (cd4 | doubled),
        "CD8": t_cell & ~neither & (~cd4 | doubled),
    }


def _arrival(n: int, spec: TubeSpec, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return when each event came, 0-1 of the acquisition, sorted; few come during a clog."""
    time: NDArray[np.float64] = rng.random(n)
    if spec.clog is not None:
        begin, end = spec.clog
        blocked = (time > begin) & (time < end) & (rng.random(n) < 0.6)
        free = rng.random(int(blocked.sum())) * (1 - (end - begin))
        time[blocked] = np.where(free < begin, free, free + (end - begin))
    time.sort()
    return time


def _record(
    light: NDArray[np.float32],
    dyes: NDArray[np.float32],
    time: NDArray[np.float64],
    spec: TubeSpec,
    cells: Cells,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Put what the detectors saw in file order: Time, scatter, fluorescence, width."""
    shift = (1.0 + spec.drift * (time - 0.5)).astype(np.float32)
    if spec.clog is not None:
        disturbed = (time > spec.clog[0]) & (time < spec.clog[1])
        shift = np.where(disturbed, shift * np.float32(0.62), shift)
        light = np.where(disturbed[:, None], light * np.float32(0.85), light)
    seen = dyes @ SPILL.matrix.astype(np.float32)
    photons = np.sqrt(np.maximum(seen, 0.0)) * rng.standard_normal(seen.shape, np.float32)
    seen = (seen + 1.6 * photons) * shift[:, None]
    seen += 110.0 * rng.standard_normal(seen.shape, np.float32)  # of the electronics
    seconds = spec.volume_ul / FLOW_UL_MIN * 60.0
    ticks = np.floor(time * seconds / TIME_STEP_S).astype(np.float32)
    width = np.clip(62.0 * light[:, 0] / light[:, 2] - 10.0, 1.0, 1023.0)
    values: NDArray[np.float32] = np.column_stack([ticks, light, seen, width])
    return values


def _tube(values: NDArray[np.float32], spec: TubeSpec) -> FlowTube:
    """Wrap raw events with what the cytometer would say of them."""
    events = Events(values, channels(), SPILL, float(max(round(spec.volume_ul), 1)))
    return FlowTube(
        SourceFile("simulated.fcs", "0" * 64, "simulated"),
        events,
        version="FCS3.1",
        cytometer="Attune NxT",
        time_step_s=TIME_STEP_S,
        flow_rate_ul_min=FLOW_UL_MIN,
    )


def _masks(cells: Cells, time: NDArray[np.float64], spec: TubeSpec) -> dict[str, Bools]:
    """Return what each event truly is, each population within its parent."""
    singlet = ~cells.debris & ~cells.doublet
    alive = singlet & cells.has("alive")
    t_cell = alive & cells.has("CD3")
    cd4, cd8 = cells.has("CD4"), cells.has("CD8")
    begin, end = spec.clog or (2.0, 2.0)
    return {
        "Cells": ~cells.debris,
        "Singlets": singlet,
        "Live": alive,
        "T cells": t_cell,
        "CAR+": t_cell & cells.has("CAR"),
        "CD4+": t_cell & cd4 & ~cd8,
        "CD8+": t_cell & cd8 & ~cd4,
        "CD4+CD8+": t_cell & cd4 & cd8,
        "CD4-CD8-": t_cell & ~cd4 & ~cd8,
        "Disturbed": (time > begin) & (time < end),
    }
