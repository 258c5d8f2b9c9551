"""From measurements to conclusions: growth, ratio, persistence, dose, and comparisons of arms."""

from labproc.trends.compare import check_plan, compare, doses_of, plan_flags
from labproc.trends.comparisons import COMPARISONS
from labproc.trends.growth import derive_growth
from labproc.trends.summary import summarise

__all__ = [
    "COMPARISONS",
    "check_plan",
    "compare",
    "derive_growth",
    "doses_of",
    "plan_flags",
    "summarise",
]
