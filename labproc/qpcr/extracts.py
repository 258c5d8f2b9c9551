"""Copies in the DNA that was extracted: how far it was diluted, and how much of it went in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from labproc.model import Measurement

PER_UL, TOTAL = "copies_per_ul_eluate", "copies_in_eluate"


@dataclass(frozen=True, slots=True)
class Extract:
    """How a sample's DNA came into its wells.

    ``dilution`` is 1 for none, 10 for 1 part in 10; ``template_ul`` of it went into a well, and
    the extraction gave ``elution_ul``, both in µL, None where nobody has said.
    """

    dilution: float = 1.0
    template_ul: float | None = None
    elution_ul: float | None = None

    @property
    def told(self) -> Mapping[str, float]:
        """What is known, as parameters of a row."""
        named = {"template_ul": self.template_ul, "elution_ul": self.elution_ul}
        known = {name: value for name, value in named.items() if value is not None}
        return known | ({"dilution": self.dilution} if self.dilution != 1.0 else {})


def eluate_rows(per_well: Measurement, extract: Extract) -> list[Measurement]:
    """Return copies per µL of undiluted eluate, and in all of it, from copies per well.

    Copies per µL = copies per well x dilution / template; volumes are taken as exact. Empty
    without a template volume.

    Examples
    --------
    >>> from labproc.model import SampleKey
    >>> row = Measurement(SampleKey("P1"), "copies_per_well", 30.0, 24.0, 38.0)
    >>> [m.value for m in eluate_rows(row, Extract(10.0, template_ul=5.0, elution_ul=100.0))]
    [60.0, 6000.0]
    """
    if extract.template_ul is None:
        return []
    per_ul = scaled(per_well, PER_UL, extract.dilution / extract.template_ul)
    if extract.elution_ul is None:
        return [per_ul]
    return [per_ul, scaled(per_ul, TOTAL, extract.elution_ul)]


def scaled(
    row: Measurement, metric: str, factor: float, told: Mapping[str, float] | None = None
) -> Measurement:
    """Return a row in another unit, its interval and draws with it."""
    return replace(
        row,
        metric=metric,
        unit="",  # that of the metric
        value=None if row.value is None else row.value * factor,
        ci_low=None if row.ci_low is None else row.ci_low * factor,
        ci_high=None if row.ci_high is None else row.ci_high * factor,
        parameters={**row.parameters, **(told or {})},
        draws=None if row.draws is None else row.draws * factor,
    )
