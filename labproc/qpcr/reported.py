"""Our numbers beside the instrument's own."""

from collections.abc import Iterable

from labproc.model import CopyNumber, Flag, ReportedCurve, StandardCurve
from labproc.model.flag import info, review
from labproc.qpcr.rules import QpcrRules
from labproc.wording import counted


def curve_differs(
    curve: StandardCurve, reported: ReportedCurve | None, *, rules: QpcrRules
) -> list[Flag]:
    """Flag a slope that is not the instrument's own; more than 0.005 is not rounding."""
    if reported is None or reported.slope is None:
        return []
    if abs(curve.slope - reported.slope) <= rules.slope_tolerance:
        return []
    told = f"{curve.target}: slope is {curve.slope:.4f} from the wells and {reported.slope:.4f} "
    if is_shared(curve):
        why = "in the file, which knows this plate only; here several plates share a slope"
        return [info("differs_from_reported", told + why)]
    why = "in the file; the instrument weighted its fit, or wells were removed after it"
    return [review("differs_from_reported", told + why)]


def is_shared(curve: StandardCurve) -> bool:
    """Whether the curve is that of several plates: the instrument's own cannot be the same."""
    return any(f.code in ("master_curve", "calibrated_plate") for f in curve.flags)


def reported_is_unusable(reported: ReportedCurve) -> list[Flag]:
    """Flag an instrument's curve that no reaction can have: not falling, or gain above 2.2."""
    slope = reported.slope
    if slope is None or slope < -2.9:
        return []
    return [
        review(
            "reported_curve_unusable",
            f"{reported.target}: the file states a slope of {slope:+.3f} cycles per decade, "
            "expected about -3.3; the instrument's quantities cannot be right",
        )
    ]


def quantities_differ(
    target: str, quantities: Iterable[CopyNumber], *, rules: QpcrRules, shared: bool = False
) -> list[Flag]:
    """Flag quantities that are not the instrument's own, with the worst of them."""
    errors = {
        q.wells[0]: q.copies / q.reported_copies - 1
        for q in quantities
        if q.target == target and q.copies and q.reported_copies
        if abs(q.copies / q.reported_copies - 1) > _tolerance(q.reported_copies, rules)
    }
    if not errors:
        return []
    worst = max(errors, key=lambda well: abs(errors[well]))
    flag = info if shared else review
    return [
        flag(
            "differs_from_reported",
            f"{target}: copies of {counted(len(errors), 'well')} differ from the file's own by "
            f"more than {rules.quantity_tolerance:.1%}, most in {worst} ({errors[worst]:+.1%})",
        )
    ]


def _tolerance(reported: float, rules: QpcrRules) -> float:
    """Return the tolerance, wider where the file prints few digits (0.02 may be 0.025)."""
    digits = f"{reported:.10f}".rstrip("0").rpartition(".")[2]
    return max(rules.quantity_tolerance, 0.5 * 10.0 ** -len(digits) / reported)
