"""Gate one tube and count in it: runs in a worker process."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labproc.model import (
    Boundary,
    FlowTube,
    GateResult,
    Measurement,
    Populations,
    Role,
)
from labproc.model.flag import unique
from labproc.pipeline.jobs import FlowJob
from labproc.pipeline.outcomes import FlowOutcome
from labproc.pipeline.own_name import in_own_words
from labproc.pipeline.results import Density, GateView, TimeView, TubeView

if TYPE_CHECKING:  # gating is imported where it is used: it takes scipy with it
    from gating.controls import Control
    from gating.quality import Course
    from gating.views import GateDensity

DRAWS = 200  # gate placements per tube that robustness and intervals rest on


def do_flow(job: FlowJob, *, draws: int = DRAWS) -> FlowOutcome:
    """Read, gate, count and draw one tube; fewer draws while a gate is being dragged."""
    from gating.controls import Control

    tube = _named(_read(job.staged, job.sha256), job.path)
    controls = [
        Control(c.role, _named(_read(c.staged, c.sha256), c.path), c.matched, c.channel)
        for c in job.controls
    ]
    populations = _gate(job, tube, controls, draws)
    view = _view(job, tube, populations, controls)
    view = replace(view, own=_own(job, tube, populations, controls))
    return FlowOutcome(view, tuple(_measure(job, tube, populations)))


@lru_cache(maxsize=8)
def _read(staged: str, sha256: str) -> FlowTube:
    """Read a staged tube, hashed when it was taken in; a day's tubes share their controls."""
    from labproc.parsers.fcs import read_tube

    return read_tube(Path(staged), sha256=sha256)


def _named(tube: FlowTube, path: str) -> FlowTube:
    """Return the tube under the name it has in ``raw/``, not its staged one."""
    staged = tube.source.path
    flags = (replace(f, message=in_own_words(f.message, staged, path)) for f in tube.flags)
    source = replace(tube.source, path=path)
    return replace(tube, source=source, flags=tuple(flags))


def _gate(job: FlowJob, tube: FlowTube, controls: Sequence["Control"], draws: int) -> Populations:
    from gating.engine import gate_tube
    from gating.strategy import load_strategy

    return gate_tube(
        tube,
        load_strategy(job.strategy),
        markers=job.markers,
        controls=controls,
        spillover=job.spillover,
        moved=job.moved,
        shared=job.shared,
        draws=draws,
    )


def _own(
    job: FlowJob, tube: FlowTube, populations: Populations, controls: Sequence["Control"]
) -> dict[str, Boundary]:
    """Return what the tube's own gates would be, where a group's may stand in their place."""
    if not job.grouped:
        return {}
    if job.shared or job.moved:
        alone = replace(job, shared={}, moved={})
        populations = _gate(alone, tube, controls, draws=0)
    return {g.population: g.boundary for g in populations if g.population in job.grouped}


def _measure(job: FlowJob, tube: FlowTube, populations: Populations) -> list[Measurement]:
    """Return the tube's fractions and, for the panel that counts, its cells."""
    from gating.views import median_fluorescence
    from labproc.counts import count_cells, flow_fractions

    if job.key.role is not Role.SAMPLE:
        return []
    control = next((c.path for c in job.controls if c.role is Role.UNTRANSDUCED), "")
    median = median_fluorescence(tube, populations, "CAR+", spillover=job.spillover)
    medians = {} if median is None else {"CAR+": median}
    found = flow_fractions(job.key, populations, source=tube.source, medians=medians)
    if job.count is not None:
        found = [*found, *count_cells(job.key, populations, tube=tube, rule=job.count)]
    version = _version(job)
    return [replace(m, version=version, control_file=control) for m in found]


def _version(job: FlowJob) -> str:
    """Name the gates' version: the strategy, and each gate that a reviewer moved."""
    moved = ", ".join(f"{name} v{job.versions.get(name, 1)}" for name in sorted(job.moved))
    shared = ", ".join(sorted(set(job.shared) - set(job.moved)))
    base = f"{Path(job.strategy).stem}@{job.strategy_sha256[:8]}"
    base = f"{base}; shared: {shared}" if shared else base
    return f"{base}; moved: {moved}" if moved else base


def _view(
    job: FlowJob, tube: FlowTube, populations: Populations, controls: Sequence["Control"]
) -> TubeView:
    from gating.oddness import features
    from gating.views import densities, time_course

    drawn = densities(tube, populations, controls=controls)
    course = time_course(tube, populations)
    flags = unique((*tube.flags, *populations.all_flags))
    return TubeView(
        source=tube.source,
        key=job.key,
        strategy=populations.strategy,
        n_events=populations.n_events,
        gates=tuple(
            _gate_view(g, drawn[g.population]) for g in populations if g.population in drawn
        ),
        version=_version(job),
        left_out=dict(populations.left_out),
        flags=flags,
        spillover=populations.spillover,
        matrices=populations.matrices,
        features=features(populations),
        course=_course(course) if course is not None else None,
        undrawn=tuple(_gate_view(g, None) for g in populations if g.population not in drawn),
    )


def _course(course: "Course") -> TimeView:
    shares = course.shares.astype(np.float32)
    return TimeView(course.edges, course.counts, course.kept, course.channels, shares)


NOTHING = Density((), (), (), np.zeros(0, np.uint32), ())


def _gate_view(gate: GateResult, drawn: "GateDensity | None") -> GateView:
    shape = _density(drawn, drawn.counts) if drawn else NOTHING
    held = drawn.control_counts if drawn else None
    control = _density(drawn, held) if drawn and held is not None else None
    median = drawn.median_fluorescence if drawn else None
    return GateView(
        population=gate.population,
        parent=gate.parent,
        n_events=gate.n_events,
        n_parent=gate.n_parent,
        fraction=gate.fraction_of_parent,
        estimate=gate.estimate,
        ci_low=gate.ci_low,
        ci_high=gate.ci_high,
        method=gate.method,
        boundary=gate.boundary,
        density=shape,
        control=control,
        control_name=str(gate.parameters["control"]) if control is not None else "",
        median_fluorescence=median[0] if median and len(median) == 1 else None,
        parameters=dict(gate.parameters),
        flags=gate.flags,
    )


def _density(drawn: "GateDensity", counts: NDArray[np.float64]) -> Density:
    """Return a grid as it is drawn: rows run along the second channel."""
    whole = np.rint(counts).astype(np.uint32)
    return Density(drawn.channels, drawn.labels, drawn.scales, whole.T, drawn.edges)
