"""What a plan asks of the store: gates, wells taken out, DNA and curves as they stand now."""

from collections.abc import Mapping

from labproc.model import Boundary
from labproc.pipeline.outcomes import DnaOutcome, FlowOutcome, PlateOutcome
from labproc.pipeline.payload import decode
from labproc.pipeline.planner import Earlier
from labproc.pipeline.pooling import Curves, is_pooled, pooled_curves
from labproc.store import Store, current_gates, current_omissions, current_results
from labproc.study import Study


def earlier(study: Study, store: Store) -> Earlier:
    """Return what a plan asks for: moved and shared gates, wells taken out, measured DNA."""
    read = current_results(store, kinds=("dna",))
    tables = [decode(r.payload, DnaOutcome) for r in read if r.payload]
    concentrations: dict[str, float] = {}
    for table in tables:
        concentrations |= table.ng_per_ul
    omitted, own = current_omissions(store), _own_outlines(study, store)
    return Earlier(current_gates(store), omitted, concentrations, own, _pooled(study, store))


def _own_outlines(study: Study, store: Store) -> dict[str, Mapping[str, Boundary]]:
    """Return the tubes' own outlines, where any panel of the study shares a gate."""
    if not any(panel.shared for panel in study.settings.panels.values()):
        return {}
    gated = current_results(store, kinds=("fcs",))
    views = [decode(r.payload, FlowOutcome).view for r in gated if r.payload]
    return {v.source.sha256: v.own for v in views if v.own}


def _pooled(study: Study, store: Store) -> Curves:
    if not is_pooled(study.settings):
        return {}
    read = current_results(store, kinds=("qpcr",))
    plates = [decode(r.payload, PlateOutcome).view for r in read if r.payload]
    return pooled_curves(study.settings, plates)
