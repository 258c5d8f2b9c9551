"""What the plates of a study say together: control charts, limits, a shared curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labproc.model import Flag
from labproc.pipeline.limits import limit_flags, study_limits, with_study_limits
from labproc.pipeline.plates import control_charts, omission_flags, with_trend
from labproc.pipeline.pooling import pooling_flags
from labproc.pipeline.results import PlateView, StudyLimits
from labproc.pipeline.settings import qpcr_rules
from labproc.qpcr.westgard import LeveyJennings
from labproc.study import Settings


@dataclass(frozen=True, slots=True)
class Together:
    """The plates, each with what only all of them say, and what concerns all of them."""

    plates: tuple[PlateView, ...]
    charts: Mapping[str, LeveyJennings]
    limits: Mapping[str, StudyLimits]
    flags: tuple[Flag, ...]


def together(settings: Settings, plates: Sequence[PlateView]) -> Together:
    """Follow the positive control over the plates, and take LOD and LOQ from their standards."""
    rules, charts = qpcr_rules(settings), control_charts(plates)
    limits = study_limits(settings, plates, rules)
    flags = (
        *omission_flags(settings, plates),
        *pooling_flags(settings, plates),
        *limit_flags(settings, plates, limits, rules),
    )
    judged = with_study_limits(with_trend(plates, charts), limits, rules)
    return Together(judged, charts, limits, flags)
