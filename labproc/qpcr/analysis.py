"""One qPCR run from its wells to curves, copies and an acceptance table."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from labproc.model import CopyNumber, Flag, QpcrRun, Role, Task
from labproc.model.flag import unique
from labproc.qpcr.acceptance import accept_target
from labproc.qpcr.amplification import disagreements, recompute
from labproc.qpcr.controls import (
    check_controls,
    inhibition_delay,
    inhibition_row,
    with_blanks,
    with_inhibition,
)
from labproc.qpcr.fits import by_target, fit_target
from labproc.qpcr.master_curve import SharedCurve
from labproc.qpcr.positions import position_flags
from labproc.qpcr.quantities import read_samples, read_wells
from labproc.qpcr.reported import curve_differs, is_shared, quantities_differ, reported_is_unusable
from labproc.qpcr.results import Checked, CurveDraws, RecomputedCq, RunAnalysis, TargetFit
from labproc.qpcr.rules import QpcrRules


def analyse_run(
    run: QpcrRun,
    rules: QpcrRules,
    *,
    seed: int = 0,
    draws: int = 200,
    roles: Mapping[str, Role] | None = None,
    curves: Mapping[str, SharedCurve] | None = None,
) -> RunAnalysis:
    """Fit every target's curve, read every well and sample from it, check every rule.

    Nothing is dropped: what fails a rule carries a flag with the rule and the number. All samples
    that are read from one curve share that curve's draws.

    Parameters
    ----------
    run : QpcrRun
        As the parser read it.
    rules : QpcrRules
        What the assay is, and its limits.
    seed, draws : int
        For the draws of each curve within its error.
    roles : mapping of str to Role or None
        Sample names that the sheet knows as controls.
    curves : mapping of target to SharedCurve or None
        This plate's parts of curves of several plates, in the place of the plate's own.
    """
    quantities: list[CopyNumber] = []
    samples: list[CopyNumber] = []
    checked = Checked()
    done: list[TargetFit] = []
    for name, own in by_target(run.table.wells).items():
        fit = fit_target(name, own, run=run, rules=rules, given=(curves or {}).get(name))
        wells = read_wells(fit, rules)
        pooled = read_samples(fit, rules, draws=curve_draws(run, fit, seed=seed, draws=draws))
        accepted = accept_target(fit, pooled, rules)
        done.append(_flagged(fit, [*accepted.flags, *_against_instrument(fit, wells, rules)]))
        quantities, samples = quantities + wells, samples + pooled
        checked = checked + accepted
    delays = inhibition_delay(done, rules)
    samples = with_blanks(with_inhibition(samples, delays, rules), roles=roles or {})
    controls = check_controls(samples, roles=roles or {}, rules=rules)
    checked = checked + controls + inhibition_row(delays, rules)
    recomputed = recompute(run)
    flags = [
        *_of_plate(run, recomputed),
        *(f for t in done for f in t.flags),
        *controls.flags,
    ]
    return RunAnalysis(
        curves=tuple(t.curve for t in done if t.curve is not None),
        quantities=tuple(quantities),
        samples=tuple(samples),
        standards=tuple(p for t in done for p in t.standards),
        acceptance=checked.rows,
        flags=unique(flags),
        targets=tuple(done),
        amplification=tuple(recomputed),
    )


def _of_plate(run: QpcrRun, recomputed: Sequence[RecomputedCq]) -> list[Flag]:
    """Return what is doubtful about the plate as a whole and what its file states."""
    stated = [flag for curve in run.reported_curves for flag in reported_is_unusable(curve)]
    return [*stated, *disagreements(recomputed), *position_flags(run.table.wells)]


def _against_instrument(
    fit: TargetFit, wells: Sequence[CopyNumber], rules: QpcrRules
) -> list[Flag]:
    if fit.curve is None:
        return []
    used = [w for w in wells if w.task is not Task.NTC]
    curve = curve_differs(fit.curve, fit.reported, rules=rules)
    shared = is_shared(fit.curve)
    return [*curve, *quantities_differ(fit.target, used, rules=rules, shared=shared)]


def _flagged(fit: TargetFit, flags: Sequence[Flag]) -> TargetFit:
    """Return the fit and its curve with more flags."""
    both = unique([*fit.flags, *flags])
    curve = None if fit.curve is None else replace(fit.curve, flags=both)
    return replace(fit, flags=both, curve=curve)


def curve_draws(run: QpcrRun, fit: TargetFit, *, seed: int, draws: int) -> CurveDraws:
    """Return the draws of one curve; the same file, target and seed give the same draws."""
    file = zlib.crc32(run.source.sha256.encode())
    rng = np.random.default_rng([seed, file, zlib.crc32(fit.target.encode())])
    normal = rng.standard_normal((draws, 2))
    dof = fit.curve.dof if fit.curve is not None else 0
    scale = np.sqrt(rng.chisquare(dof, draws) / dof) if dof else np.ones(draws)
    return CurveDraws(normal / scale[:, None])
