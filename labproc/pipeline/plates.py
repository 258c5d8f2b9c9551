"""What several plates of a study say together: their positive control, and wells left out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from labproc.errors import NotEnoughData
from labproc.model import Flag, SourceFile, Task
from labproc.model.flag import unique, warning
from labproc.pipeline.results import AcceptanceRow, PlateView
from labproc.qpcr.westgard import LeveyJennings, Violation, positive_control_chart
from labproc.study import Settings

RULE = "positive_control_trend"
LIMIT = "Westgard 1-3s, 2-2s, R-4s, 4-1s, 10-x"


def in_order(plates: Sequence[PlateView]) -> tuple[PlateView, ...]:
    """Return plates as they were run: by their date, those without one last, by their path."""
    return tuple(sorted(plates, key=lambda p: _when(p.source)))


def _when(source: SourceFile) -> tuple[bool, datetime, str]:
    at = source.acquired_at
    plain = datetime.max if at is None else at.replace(tzinfo=None)
    return at is None, plain, source.path


def control_charts(plates: Sequence[PlateView]) -> dict[str, LeveyJennings]:
    """Chart the positive control of each target over plates; plates are named by their path.

    A target with too few plates, or the same number on all, has no chart.
    """
    samples = {p.source.path: p.samples for p in in_order(plates)}
    controls = (s.target for own in samples.values() for s in own if s.task is Task.POSITIVE)
    found: dict[str, LeveyJennings] = {}
    for target in dict.fromkeys(controls):
        try:
            found[target] = positive_control_chart(samples, target=target)
        except NotEnoughData:
            continue
    return found


def with_trend(
    plates: Sequence[PlateView], charts: Mapping[str, LeveyJennings]
) -> tuple[PlateView, ...]:
    """Return the plates with their place on each chart in acceptance and flags."""
    return tuple(_judged(plate, charts) for plate in plates)


def _judged(plate: PlateView, charts: Mapping[str, LeveyJennings]) -> PlateView:
    path, rows, flags = plate.source.path, list(plate.acceptance), list(plate.flags)
    for target, chart in charts.items():
        if path in chart.plates:
            broken = [v for v in chart.violations if v.plate == path]
            rows.append(_row(target, chart, path, broken))
            flags += chart.flags_of(path)
    return replace(plate, acceptance=tuple(rows), flags=unique(flags))


def _row(
    target: str, chart: LeveyJennings, path: str, broken: Sequence[Violation]
) -> AcceptanceRow:
    z = (chart.values[chart.plates.index(path)] - chart.mean) / chart.sd
    limits = "provisional limits" if chart.is_provisional else "limits"
    rules = f"; breaks {', '.join(v.rule for v in broken)}" if broken else ""
    away = f"{z:+.1f} SD".replace("-", "−")
    found = f"{away} over {len(chart.plates)} plates ({limits}){rules}"
    verdict = "pass"
    if broken:
        verdict = "fail" if any(v.is_rejection for v in broken) else "warn"
    return AcceptanceRow(RULE, target, LIMIT, found, verdict)


def omission_flags(settings: Settings, plates: Sequence[PlateView]) -> tuple[Flag, ...]:
    """Flag wells that study.toml leaves out and that no file has: nothing was left out."""
    if settings.qpcr is None:
        return ()
    flags = []
    for file in settings.qpcr.omit:
        own = [p for p in plates if file.casefold() in _names(p.source.path)]
        there = {w.position for p in own for w in p.wells}
        lost = [w for w in settings.qpcr.omit[file] if w.rpartition(":")[2] not in there]
        if lost:
            where = "no such qPCR file was read" if not own else "the file has no such well"
            text = f"[qpcr.omit] {file}: {', '.join(lost)} left out and {where}; check the name"
            flags.append(warning("omitted_well_unknown", text))
    return tuple(flags)


def _names(path: str) -> set[str]:
    return {path.casefold(), path.rpartition("/")[2].casefold()}
