"""What can be compared, by the names that a study's plan uses."""

from collections.abc import Mapping
from dataclasses import dataclass

from labproc.errors import UnknownName
from labproc.registry import nearest

GROWTH_RATE = "growth_rate"
LN_RATIO_SLOPE = "ln_ratio_slope"
AUC = "auc"
PATIENT_KINDS = ("cmax", "auc_0_28", "half_life")
WINDOWED = (GROWTH_RATE, LN_RATIO_SLOPE, AUC)
"""Summaries that are taken over the plan's window."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of a study.

    Parameters
    ----------
    name : str
        As the plan writes it.
    metric : str
        The metric it is computed from; analysed on the natural log scale.
    kind : str
        The summary of one culture (``Trend.kind``), or ``value`` for the value on one day.
    title : str
        How a sentence calls it.
    effect, unit : str
        What the estimate is, and its unit.
    is_ratio : bool
        Whether the estimate is the exponential of the difference on the log scale.
    ln_of_estimate : bool
        Whether the summary of a culture is a positive number whose log is compared.
    by_default : bool
        Whether it is compared, as exploratory, without a plan that names it.
    """

    name: str
    metric: str
    kind: str
    title: str
    effect: str
    unit: str
    is_ratio: bool = False
    ln_of_estimate: bool = False
    by_default: bool = True

    @property
    def of_patients(self) -> bool:
        """Whether it is a summary of a patient's course, which no culture has."""
        return self.kind in PATIENT_KINDS


def _growth(name: str, metric: str, cells: str) -> Outcome:
    return Outcome(name, metric, GROWTH_RATE, f"growth rate of {cells}", "difference", "1/day")


def _slope(name: str, metric: str, cells: str) -> Outcome:
    effect = "geometric mean ratio per day"
    return Outcome(name, metric, LN_RATIO_SLOPE, f"CD4:CD8 of {cells}", effect, "ratio/day", True)


def _mean(name: str, metric: str, title: str) -> Outcome:
    return Outcome(name, metric, AUC, title, "geometric mean ratio", "ratio", True)


def _patient(name: str, kind: str, title: str) -> Outcome:
    effect = "geometric mean ratio"
    return Outcome(name, "copies_per_ug", kind, title, effect, "ratio", True, True, False)


OUTCOMES: Mapping[str, Outcome] = {
    one.name: one
    for one in (
        _growth("cart_growth_rate", "cumulative_cart", "CAR-T cells"),
        _growth("cells_growth_rate", "cumulative_cells", "all cells"),
        _growth("cart_cd4_growth_rate", "cumulative_cart_cd4", "CD4+ CAR-T cells"),
        _growth("cart_cd8_growth_rate", "cumulative_cart_cd8", "CD8+ CAR-T cells"),
        _slope("ln_cd4_cd8_slope", "cd4_cd8_ratio", "all T cells"),
        _slope("ln_cart_cd4_cd8_slope", "cart_cd4_cd8_ratio", "CAR-T cells"),
        _mean("copies_per_ug_auc", "copies_per_ug", "mean CAR copies per µg DNA"),
        _mean("vcn_auc", "vcn", "mean vector copy number"),
        Outcome(
            "ln_fold_auc",
            "cumulative_fold",
            AUC,
            "area under ln(cumulative fold)",
            "difference",
            "ln(fold)·day",
        ),
        _patient("copies_cmax", "cmax", "peak CAR copies per µg DNA"),
        _patient("copies_auc_0_28", "auc_0_28", "area under CAR copies, days 0 to 28"),
        _patient("copies_half_life", "half_life", "half-life of CAR copies"),
    )
}
"""Every outcome by name, in the order in which they are reported."""

DAILY: tuple[Outcome, ...] = tuple(
    Outcome(metric, metric, "value", title, "geometric mean ratio", "ratio", True)
    for metric, title in (
        ("cumulative_fold", "cumulative fold"),
        ("cd4_cd8_ratio", "CD4:CD8 of all T cells"),
        ("cart_cd4_cd8_ratio", "CD4:CD8 of CAR-T cells"),
        ("copies_per_ug", "CAR copies per µg DNA"),
    )
)
"""What is also compared day by day."""


def get_outcome(name: str) -> Outcome:
    """Return the outcome of that name.

    Raises
    ------
    UnknownName
        If there is none; the message names the nearest.
    """
    if name not in OUTCOMES:
        raise UnknownName(f"[plan]: no outcome called {name!r}; {nearest(name, list(OUTCOMES))}")
    return OUTCOMES[name]


def title_of(name: str) -> str:
    """Return what an outcome is called for people; the name itself where it is none of ours."""
    known = (*OUTCOMES.values(), *DAILY)
    title = next((o.title for o in known if o.name == name), name)
    return title[:1].upper() + title[1:]
