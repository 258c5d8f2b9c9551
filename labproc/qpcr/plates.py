"""Several plates of one assay together: one curve with an effect of each plate."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from labproc.errors import StandardCurveError, UnknownName
from labproc.model import QpcrRun, Well
from labproc.qpcr.analysis import analyse_run
from labproc.qpcr.calibrators import unknown_calibrator
from labproc.qpcr.doubts import several_series
from labproc.qpcr.fits import by_target, fit_target, is_omitted, target_name
from labproc.qpcr.inverse import read_backwards
from labproc.qpcr.master_curve import (
    Calibrator,
    MasterCurve,
    SharedCurve,
    Standards,
    fit_master_curve,
)
from labproc.qpcr.results import RunAnalysis, StandardPoint
from labproc.qpcr.rules import QpcrRules
from labproc.qpcr.standard_curve import copies_at, fit_standard_curve

MIN_PLATES = 2  # with standards of a target; one plate has its own curve
Shared = Mapping[str, SharedCurve]


@dataclass(frozen=True, slots=True)
class PlateStandards:
    """What a plate brings to a curve of several plates: its standards, and the calibrator's Cq."""

    name: str
    standards: tuple[StandardPoint, ...] = ()
    calibrator: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def of(self, target: str) -> list[StandardPoint]:
        """Return a target's standards that were detected and not left out."""
        own = (p for p in self.standards if p.target == target)
        return [p for p in own if p.cq is not None and not p.omitted]


def plate_name(run: QpcrRun) -> str:
    """Return what tells one plate from another: its name with the start of its hash."""
    return f"{run.plate or run.source.path} {run.source.sha256[:8]}"


def calibrator_cqs(
    wells: Iterable[Well], sample: str | None, rules: QpcrRules | None = None
) -> dict[str, tuple[float, ...]]:
    """Return the Cq of the calibrator's wells for each target; empty without a calibrator."""
    found: dict[str, tuple[float, ...]] = {}
    for well in wells:
        left_out = well.omitted if rules is None else is_omitted(well, rules)
        if sample and well.sample == sample and well.cq is not None and not left_out:
            name = target_name(well)
            found[name] = (*found.get(name, ()), well.cq)
    return found


def standards_of(run: QpcrRun, rules: QpcrRules, *, calibrator: str | None) -> PlateStandards:
    """Return what a run brings to a curve of several plates."""
    fits = [fit_target(n, w, run=run, rules=rules) for n, w in by_target(run.table.wells).items()]
    points = tuple(p for fit in fits for p in fit.standards)
    known = calibrator_cqs(run.table.wells, calibrator, rules)
    return PlateStandards(plate_name(run), points, known)


def shared_curves(
    plates: Sequence[PlateStandards], rules: QpcrRules
) -> dict[str, dict[str, SharedCurve]]:
    """Return for each plate, by its name, the curves that it shares with the others.

    A target needs standards on at least two plates. A plate without them is read through the
    calibrator; without that too it is left to its own.
    """
    targets = dict.fromkeys(p.target for plate in plates for p in plate.standards)
    found: dict[str, dict[str, SharedCurve]] = {plate.name: {} for plate in plates}
    for target in targets:
        master = _master(target, plates, rules)
        if master is None:
            continue
        for plate in plates:
            if (share := _share(master, plate, plates)) is not None:
                found[plate.name][target] = share
    return found


def _master(target: str, plates: Sequence[PlateStandards], rules: QpcrRules) -> MasterCurve | None:
    """Fit the plates whose standards are one series that a line fits; None for fewer than two."""
    usable: dict[str, Standards] = {}
    for plate in plates:
        points = plate.of(target)
        own = ([p.copies for p in points], [p.cq for p in points if p.cq is not None])
        if _is_one_series(target, points, rules) and _is_line(target, own):
            usable[plate.name] = own
    if len(usable) < MIN_PLATES:
        return None
    return fit_master_curve(target, usable, level=rules.level)


def _is_one_series(target: str, points: Sequence[StandardPoint], rules: QpcrRules) -> bool:
    once = len({p.position for p in points}) == len(points)
    levels = len({p.copies for p in points})
    return once and levels >= rules.min_levels and not several_series(target, points)


def _is_line(target: str, own: Standards) -> bool:
    try:
        fit_standard_curve(target, own[0], cq=own[1])
    except StandardCurveError:
        return False
    return True


def _share(
    master: MasterCurve, plate: PlateStandards, plates: Sequence[PlateStandards]
) -> SharedCurve | None:
    """Return a plate's part; through the calibrator where it has no standards itself."""
    if plate.name in master.plates:
        return master.of(plate.name)
    cqs = plate.calibrator.get(master.target)
    if plate.of(master.target) or not cqs:
        return None
    return master.calibrated(plate.name, _known(master, cqs, plates))


def _known(
    master: MasterCurve, cqs: Sequence[float], plates: Sequence[PlateStandards]
) -> Calibrator:
    """Return the calibrator with its copies: the geometric mean over the plates with standards."""
    places, share = [], 0.0
    for plate in plates:
        own = plate.calibrator.get(master.target)
        if own and plate.name in master.plates:
            curve = master.curve_of(plate.name)
            places.append(read_backwards(own, curve).log10)
            share += 1 / len(own) + 1 / curve.n_points
    if not places:
        raise StandardCurveError(
            f"{master.target}: the calibrator stands on no plate with standards, expected one"
        )
    return Calibrator(float(copies_at(np.mean(places))), cqs, share / len(places) ** 2)


def analyse_plates(
    runs: Sequence[QpcrRun],
    rules: QpcrRules,
    *,
    calibrator: str | None = None,
    seed: int = 0,
    draws: int = 200,
) -> list[RunAnalysis]:
    """Analyse several plates, each read from the curve that they share.

    Parameters
    ----------
    runs : sequence of QpcrRun
        Plates of one assay.
    rules : QpcrRules
        The assay.
    calibrator : str or None
        A sample that stands on plates with and without standards; a plate without standards is
        then read through it.
    seed, draws : int
        As for ``analyse_run``.

    Raises
    ------
    UnknownName
        If no plate holds the calibrator.
    StandardCurveError
        If no target has standards on two plates.
    """
    if unknown := unknown_calibrator(calibrator, [run.table.wells for run in runs]):
        raise UnknownName(unknown)
    shared = shared_curves([standards_of(r, rules, calibrator=calibrator) for r in runs], rules)
    if not any(shared.values()):
        raise StandardCurveError(
            f"pooled curve: no target has standards on {MIN_PLATES} of {len(runs)} plates, "
            "expected one; read each plate from its own curve"
        )
    return [
        analyse_run(run, rules, seed=seed, draws=draws, curves=shared[plate_name(run)])
        for run in runs
    ]
