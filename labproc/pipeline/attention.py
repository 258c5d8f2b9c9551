"""Which tubes need a look first: what their own flags say, and how unlike their group they are."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from labproc.model import Role
from labproc.model.flag import Severity, unique, worst
from labproc.pipeline.harmless import settled
from labproc.pipeline.remembered import Remembered
from labproc.pipeline.results import TubeView
from labproc.wording import in_order


def by_attention(
    tubes: Sequence[TubeView], remembered: Remembered | None = None
) -> tuple[TubeView, ...]:
    """Return the tubes, the one that most needs a look first, each with its score and reasons.

    A tube is held against the samples of its panel: in its fractions and counts, and each of its
    thresholds against theirs. A drift of the thresholds over the series is said once, at its last
    tube. The score is 0 for a tube without doubt and
    1 for one that must not be used.
    """
    groups: dict[tuple[str, Role], list[TubeView]] = defaultdict(list)
    for tube in tubes:
        groups[(tube.key.panel, tube.key.role)].append(tube)
    asked = remembered or Remembered()
    scored = [t for group in groups.values() for t in _scored(group, asked)]
    return tuple(sorted(scored, key=lambda t: (-t.oddness, t.key.order, in_order(t.source.path))))


def _scored(group: Sequence[TubeView], remembered: Remembered) -> Iterable[TubeView]:
    from gating.groups import drifts, off_positions
    from gating.oddness import ODD, rank_features, thresholds

    placed = {t.source.sha256: thresholds(t.features) for t in group}
    compared = settled(group)
    off = off_positions({name: thresholds(own) for name, own in compared.items()})
    series = _in_time(group)
    last = series[-1].source.sha256 if series else ""
    drifting = drifts([placed[t.source.sha256] for t in series])
    found = {o.name: o for o in rank_features(compared, isolate=remembered.isolate)}
    for tube in group:
        odd = found[tube.source.sha256]
        own = (*off[odd.name].values(), *(drifting if odd.name == last else ()))
        flags = unique((*tube.flags, *own, *([odd.flag] if odd.flag else [])))
        # a score that no reason explains only sorts; it asks nobody to look
        share = min(odd.score / ODD, 1.0) if odd.flag else 0.0
        unlike = share * Severity.REVIEW.rank / Severity.FAIL.rank
        reasons = tuple(f.message for f in flags if f.severity.rank >= Severity.REVIEW.rank)
        level = worst(flags)
        said = level.rank / Severity.FAIL.rank if level else 0.0
        sorting = min(odd.score, 100.0) / 10_000.0  # within one severity the odder comes first
        score = min(1.0, max(said, unlike) + sorting)
        yield replace(tube, flags=flags, reasons=reasons, oddness=score)


def _in_time(group: Sequence[TubeView]) -> list[TubeView]:
    """Return the tubes of known time in the order of their acquisition."""
    dated = [(t.source.acquired_at, t) for t in group if t.source.acquired_at is not None]
    return [t for _, t in sorted(dated, key=lambda pair: (pair[0], pair[1].source.path))]
