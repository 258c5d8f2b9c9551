"""One number for a sample that was measured on several plates."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from labproc.model import Flag, Measurement, SampleKey
from labproc.model.flag import info, review, unique

NORMAL_95 = 1.959963984540054
DISAGREE_P = 0.05
PER_WELL = frozenset({"copies_per_well", "dna_ng_by_reference"})
HELD = ("dna_ng", "dilution", "template_ul")


def reconcile(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Return one row for each sample and metric, repeats on several plates pooled.

    Quantified repeats are averaged on the log scale, weighted by their own intervals; where they
    differ by more than these allow (Cochran's Q), the difference between plates is added to the
    interval (DerSimonian and Laird) and the row is flagged. Negative repeats pool their wells:
    upper limits of 3.00 / n add as 1 / (1 / h1 + 1 / h2). Order is that of first appearance.

    References
    ----------
    DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 1986.
    doi:10.1016/0197-2456(86)90046-2
    """
    found: dict[tuple[SampleKey, str], list[Measurement]] = {}
    for m in measurements:
        found.setdefault((m.key, m.metric), []).append(m)
    return [_one(rows) for rows in found.values()]


def _one(rows: Sequence[Measurement]) -> Measurement:
    if len(rows) == 1:
        return rows[0]
    if _per_well_of_several(rows):
        return replace(rows[0], flags=(*rows[0].flags, _different_wells(rows)))
    seen = [m for m in rows if m.value is not None and m.value > 0]
    flags = unique(f for m in rows for f in m.flags)
    if not seen:
        return replace(rows[0], ci_high=_joint_limit(rows), flags=flags, n=_wells(rows))
    missed = [m for m in rows if m.status == "not_detected"]
    flags = unique([*flags, *(_contradictions(seen, missed))])
    if len(seen) == 1 or any(_log_se(m) is None for m in seen):
        return replace(seen[0], flags=(*flags, _unpooled(rows)) if len(seen) > 1 else flags)
    return _averaged(seen, flags, _wells(rows))


def _per_well_of_several(rows: Sequence[Measurement]) -> bool:
    """Whether amounts per well come from wells that held different amounts of DNA."""
    if rows[0].metric not in PER_WELL:
        return False
    return any(_held(m) != _held(rows[0]) for m in rows)


def _held(row: Measurement) -> tuple[object, ...]:
    """Return what the well held; inputs that the reference gene counted never agree."""
    return tuple(row.parameters.get(name) for name in HELD)


def _different_wells(rows: Sequence[Measurement]) -> Flag:
    text = (
        f"{rows[0].key.label} {rows[0].metric}: the wells of {len(rows)} plates held different "
        "amounts of DNA; the first plate's number stands, copies per µg DNA pool them all"
    )
    return info("plates_not_pooled", text)


def _joint_limit(rows: Sequence[Measurement]) -> float | None:
    limits = [m.ci_high for m in rows if m.ci_high]
    return 1 / sum(1 / h for h in limits) if limits else None


def _wells(rows: Sequence[Measurement]) -> int | None:
    counts = [m.n for m in rows if m.n is not None]
    return sum(counts) if counts else None


def _log_se(row: Measurement) -> float | None:
    if not row.ci_low or not row.ci_high or row.ci_low <= 0 or row.ci_high <= row.ci_low:
        return None
    return float(np.log(row.ci_high / row.ci_low) / (2 * NORMAL_95))


def _averaged(rows: Sequence[Measurement], flags: Sequence[Flag], n: int | None) -> Measurement:
    y = np.log([m.value for m in rows if m.value is not None])
    variance = np.array([_log_se(m) or 0.0 for m in rows]) ** 2
    weight = 1 / variance
    fixed = float((weight * y).sum() / weight.sum())
    q = float((weight * (y - fixed) ** 2).sum())
    extra = _between(q, weight)
    weight = 1 / (variance + extra)
    mean, se = float((weight * y).sum() / weight.sum()), float(1 / np.sqrt(weight.sum()))
    ends = np.exp([mean - NORMAL_95 * se, mean, mean + NORMAL_95 * se])
    doubts = [*flags, *_disagreement(rows, q)]
    draws = _mean_draws(rows, weight)
    return replace(
        rows[0],
        value=float(ends[1]),
        ci_low=float(ends[0]),
        ci_high=float(ends[2]),
        interval_of=f"{rows[0].interval_of}; {len(rows)} plates",
        n=n,
        flags=unique(doubts),
        parameters={**rows[0].parameters, "n_plates": len(rows)},
        draws=draws,
    )


def _between(q: float, weight: np.ndarray) -> float:
    """Return the variance between plates on the log scale, 0 where they agree."""
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    return max(0.0, (q - (weight.size - 1)) / float(scale))


def _mean_draws(rows: Sequence[Measurement], weight: np.ndarray) -> np.ndarray | None:
    draws = [m.draws for m in rows if m.draws is not None]
    if len(draws) < len(rows) or len({d.size for d in draws}) != 1:
        return None
    share = weight / weight.sum()
    return np.asarray(np.exp((np.log(draws) * share[:, None]).sum(axis=0)))


def _disagreement(rows: Sequence[Measurement], q: float) -> list[Flag]:
    from scipy import special

    p = float(special.gammaincc((len(rows) - 1) / 2, q / 2))
    if p >= DISAGREE_P:
        return []
    values = ", ".join(f"{m.value:.4g}" for m in rows)
    text = (
        f"{rows[0].key.label} {rows[0].metric}: {len(rows)} plates give {values} (P = {p:.2g}), "
        "more apart than their intervals allow; the interval was widened"
    )
    return [review("plates_disagree", text)]


def _contradictions(seen: Sequence[Measurement], missed: Sequence[Measurement]) -> list[Flag]:
    if not missed:
        return []
    limit = _joint_limit(missed)
    text = (
        f"{seen[0].key.label} {seen[0].metric}: found on {len(seen)} plates and on "
        f"{len(missed)} not; the number is that of the plates that found it"
    )
    sure = limit is not None and any(m.ci_low is not None and m.ci_low > limit for m in seen)
    return [review("plates_disagree", text) if sure else info("plates_disagree", text)]


def _unpooled(rows: Sequence[Measurement]) -> Flag:
    text = f"{rows[0].key.label}: a plate gives no interval; the first plate's number stands"
    return review("plates_not_pooled", text)
