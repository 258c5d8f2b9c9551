"""Several plates of one assay together: one curve with an effect of each plate."""

from collections.abc import Mapping, Sequence

import numpy as np

from labproc.errors import StandardCurveError
from labproc.model import QpcrRun, StandardCurve
from labproc.qpcr.analysis import analyse_run
from labproc.qpcr.fits import by_target, fit_target, target_name
from labproc.qpcr.inverse import read_backwards
from labproc.qpcr.master_curve import MasterCurve, Standards, fit_master_curve
from labproc.qpcr.results import RunAnalysis
from labproc.qpcr.rules import QpcrRules
from labproc.qpcr.standard_curve import copies_at


def plate_name(run: QpcrRun) -> str:
    """Return what tells one plate from another: its name with the start of its hash."""
    return f"{run.plate or run.source.path} {run.source.sha256[:8]}"


def master_curves(runs: Sequence[QpcrRun], rules: QpcrRules) -> dict[str, MasterCurve]:
    """Fit one curve for every target that has standards on at least two plates."""
    found: dict[str, dict[str, Standards]] = {}
    for run in runs:
        for name, wells in by_target(run.table.wells).items():
            fit = fit_target(name, wells, run=run, rules=rules)
            used = [p for p in fit.standards if p.cq is not None and not p.omitted]
            if fit.curve is not None:
                own = ([p.copies for p in used], [p.cq for p in used if p.cq is not None])
                found.setdefault(name, {})[plate_name(run)] = own
    return {
        name: fit_master_curve(name, plates, level=rules.level)
        for name, plates in found.items()
        if len(plates) > 1
    }


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
    StandardCurveError
        If no target has standards on two plates.
    """
    masters = master_curves(runs, rules)
    if not masters:
        raise StandardCurveError(
            f"pooled curve: no target has standards on 2 of {len(runs)} plates, expected one; "
            "read each plate from its own curve"
        )
    return [
        analyse_run(
            run,
            rules,
            seed=seed,
            draws=draws,
            curves=_curves_for(run, masters, runs=runs, calibrator=calibrator),
        )
        for run in runs
    ]


def _curves_for(
    run: QpcrRun,
    masters: Mapping[str, MasterCurve],
    *,
    runs: Sequence[QpcrRun],
    calibrator: str | None,
) -> dict[str, StandardCurve]:
    """Return the plate's share of each master curve; through the calibrator where it has none."""
    found: dict[str, StandardCurve] = {}
    for target, master in masters.items():
        if plate_name(run) in master.plates:
            found[target] = master.curve_of(plate_name(run))
        elif calibrator is not None and (cqs := _calibrator(run, target, calibrator)):
            copies = _calibrator_copies(master, runs, target, calibrator)
            found[target] = master.calibrated(plate_name(run), copies=copies, cq=cqs)
    return found


def _calibrator(run: QpcrRun, target: str, sample: str) -> list[float]:
    wells = [w for w in run.table.wells if target_name(w) == target and not w.omitted]
    return [w.cq for w in wells if w.sample == sample and w.cq is not None]


def _calibrator_copies(
    master: MasterCurve, runs: Sequence[QpcrRun], target: str, sample: str
) -> float:
    """Return the calibrator's copies: the geometric mean over the plates with standards."""
    places = [
        read_backwards(cqs, master.curve_of(plate_name(run))).log10
        for run in runs
        if plate_name(run) in master.plates and (cqs := _calibrator(run, target, sample))
    ]
    if not places:
        raise StandardCurveError(
            f"{target}: calibrator {sample!r} stands on no plate with standards, expected one"
        )
    return float(copies_at(np.mean(places)))
