"""Trends and comparisons as rows, each with the hashes of all raw files behind it."""

from collections.abc import Iterable, Sequence
from typing import Any

from labproc.model import Comparison, Measurement, Trend
from labproc.pipeline.flags_text import flags_text

Row = dict[str, Any]
Culture = tuple[str, str, str, str]


def _hashes(behind: Iterable[Measurement]) -> str:
    """Return the hashes of all raw files behind a summary, in a fixed order."""
    return " ".join(sorted({m.source.sha256 for m in behind if m.source}))


def course(t: Trend) -> tuple[Culture, str]:
    """Return the culture and the metric that a trend is of: its measurements stand under them."""
    return (t.donor, t.experiment, t.arm, t.replicate), t.metric


def trend_row(t: Trend, behind: Sequence[Measurement]) -> Row:
    """Return one line of ``trends.csv``; ``sha256`` lists every raw file behind it."""
    return {
        "donor": t.donor,
        "experiment": t.experiment,
        "arm": t.arm,
        "replicate": t.replicate,
        "kind": t.kind,
        "metric": t.metric,
        "estimate": t.estimate,
        "ci_low": t.ci_low,
        "ci_high": t.ci_high,
        "unit": t.unit,
        "n_days": t.n_days,
        "window_from_day": t.window[0] if t.window else None,
        "window_to_day": t.window[1] if t.window else None,
        "method": t.method,
        "flags": flags_text(t.flags),
        "sha256": _hashes(behind),
    }


def comparison_row(c: Comparison, measured: Sequence[Measurement]) -> Row:
    """Return one line of ``comparisons.csv``; ``sha256`` lists every raw file behind it."""
    robust = c.robustness
    return {
        "outcome": c.outcome,
        "contrast": c.contrast,
        "day": c.day,
        "effect": c.effect,
        "estimate": c.estimate,
        "ci_low": c.ci_low,
        "ci_high": c.ci_high,
        "unit": c.unit,
        "p_value": c.p_value,
        "p_adjusted": c.p_adjusted,
        "n_control": c.n[0],
        "n_treated": c.n[1],
        "unit_of_replication": c.unit_of_replication,
        "test": c.test,
        "planned": c.planned,
        "assumptions": "; ".join(c.assumptions),
        "holds_in_draws": robust.holds_in if robust else None,
        "n_draws": robust.n_draws if robust else None,
        "draws_low": robust.low if robust else None,
        "draws_high": robust.high if robust else None,
        "sentence": c.sentence,
        "flags": flags_text(c.flags),
        "sha256": _behind(c, measured),
    }


def _behind(c: Comparison, measured: Sequence[Measurement]) -> str:
    """Return the hashes of the raw files that hold a comparison's own metric."""
    from labproc.trends.outcomes import DAILY, OUTCOMES

    known = {**OUTCOMES, **{o.name: o for o in DAILY}}
    metric = known[c.outcome].metric if c.outcome in known else ""
    return _hashes(
        m for m in measured if m.metric == metric and (c.day is None or m.key.day == c.day)
    )
