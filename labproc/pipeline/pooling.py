"""One curve for all plates of a study, where its settings ask for one."""

from collections.abc import Mapping, Sequence

from labproc.errors import StandardCurveError
from labproc.model import Flag
from labproc.model.flag import info, warning
from labproc.pipeline.results import PlateView
from labproc.pipeline.settings import qpcr_rules
from labproc.qpcr.calibrators import unknown_calibrator
from labproc.qpcr.master_curve import SharedCurve
from labproc.qpcr.plates import PlateStandards, calibrator_cqs, shared_curves
from labproc.study import Settings
from labproc.wording import counted

Curves = Mapping[str, Mapping[str, SharedCurve]]


def is_pooled(settings: Settings) -> bool:
    """Whether the study reads its plates from one curve."""
    return settings.qpcr is not None and settings.qpcr.curve == "pooled"


def pooled_curves(settings: Settings, plates: Sequence[PlateView]) -> Curves:
    """Return for each plate, by the hash of its file, its parts of the curves of all plates.

    Only the plates' standards and the calibrator's Cq enter, so that plates which were read from
    the curve give the same curve again. Empty where nothing can be pooled.
    """
    if not is_pooled(settings):
        return {}
    try:
        found = shared_curves(_brought(settings, plates), qpcr_rules(settings))
    except StandardCurveError:  # said by ``pooling_flags``
        return {}
    return {name: curves for name, curves in found.items() if curves}


def _brought(settings: Settings, plates: Sequence[PlateView]) -> list[PlateStandards]:
    """Return what each plate brings, in the order of their hashes: sums must not depend on it."""
    sample = settings.qpcr.calibrator if settings.qpcr else None
    return [
        PlateStandards(p.source.sha256, p.standards, calibrator_cqs(p.wells, sample))
        for p in sorted(plates, key=lambda p: p.source.sha256)
    ]


def pooling_flags(settings: Settings, plates: Sequence[PlateView]) -> tuple[Flag, ...]:
    """Say where one curve was asked for and plates were read from their own, and why."""
    if not is_pooled(settings) or not plates:
        return ()
    return (*_unknown(settings, plates), *_not_pooled(settings, plates))


def _unknown(settings: Settings, plates: Sequence[PlateView]) -> tuple[Flag, ...]:
    """Flag a calibrator that no plate holds: the plates that do may still be to come."""
    sample = settings.qpcr.calibrator if settings.qpcr else None
    text = unknown_calibrator(sample, [p.wells for p in plates])
    return (warning("unknown_calibrator", f"[qpcr] {text}"),) if text else ()


def _not_pooled(settings: Settings, plates: Sequence[PlateView]) -> tuple[Flag, ...]:
    try:
        found = shared_curves(_brought(settings, plates), qpcr_rules(settings))
    except StandardCurveError as error:
        return (warning("not_pooled", f"[qpcr] curve: {error}; each plate is read from its own"),)
    if not any(found.values()):
        text = (
            '[qpcr] curve = "pooled": no target has a series of standards on 2 of '
            f"{counted(len(plates), 'plate')}; each plate is read from its own curve"
        )
        return (warning("not_pooled", text),)
    return tuple(_alone(p) for p in plates if not found[p.source.sha256])


def _alone(plate: PlateView) -> Flag:
    text = (
        f"{plate.source.path}: not read from the curve of all plates: no standards of its own that "
        "make one series, and no calibrator"
    )
    return info("plate_not_pooled", text)
