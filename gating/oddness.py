"""Review by exception: how odd each sample is among its like, and why, in words.

Two things are asked. One feature at a time: how many robust standard deviations is the sample from
its group's median? All together: does an isolation forest set it apart? The score is the larger.
Flags that already ask for review come first, whatever the group says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log10

import numpy as np
from numpy.typing import NDArray

from gating.groups import positions
from labproc.model import Flag, Populations
from labproc.model.flag import Severity, review

MIN_GROUP = 6  # fewer samples have no usual
ODD = 4.0  # robust standard deviations
LEAST_SPREAD = {"logit fraction": 0.15, "threshold": 0.02, "separation": 0.4, "log events": 0.1,
                "time kept": 0.05}  # fmt: skip
FOREST_GROUP = 12  # an outlier model needs more samples than a median
FOREST_SCALE = 10.0  # an isolation score of 0.1 beyond the usual counts as one standard deviation
THRESHOLD = ", threshold"
WORDS = {
    "logit fraction": "fraction",
    "threshold": "threshold",
    "separation": "separation of the peaks",
    "log events": "number of events",
    "shift": "distance from the control",
}
Floats = NDArray[np.float64]
Isolate = Callable[[Floats, int], Floats]


@dataclass(frozen=True, slots=True)
class Oddness:
    """How odd a sample is (0 is usual, above 4 is odd), and the reasons, the weightiest first."""

    name: str
    score: float
    reasons: tuple[str, ...]

    @property
    def flag(self) -> Flag | None:
        """A flag for a sample that someone should look at."""
        if self.score <= ODD or not self.reasons:
            return None
        return review("odd_sample", f"unlike its group: {'; '.join(self.reasons[:3])}")


def features(populations: Populations) -> dict[str, float]:
    """Return what of a sample's gates is compared, by ``population, feature``."""
    found: dict[str, float] = {}
    for gate in populations:
        name = gate.population
        found[f"{name}, log events"] = log10(1.0 + gate.n_events)
        if "kept_time" in gate.parameters:  # a clog that was cut is no oddness of the sample
            found[f"{name}, time kept"] = float(gate.parameters["kept_time"])
            continue
        share = gate.estimate
        if share is not None:
            held = min(max(share, 0.002), 0.998)
            found[f"{name}, logit fraction"] = log10(held / (1.0 - held))
        for feature in ("separation", "shift"):
            value = gate.parameters.get(feature)
            if isinstance(value, float) and np.isfinite(value):
                found[f"{name}, {feature}"] = value
    found |= {f"{name}{THRESHOLD}": at for name, at in positions(populations).items()}
    return found


def thresholds(features: Mapping[str, float]) -> dict[str, float]:
    """Return the thresholds among a tube's features, by population."""
    return {k.removesuffix(THRESHOLD): v for k, v in features.items() if k.endswith(THRESHOLD)}


def rank(samples: Mapping[str, Populations], *, seed: int = 0) -> tuple[Oddness, ...]:
    """Score every sample of a group against the others and by its own flags, the oddest first.

    Parameters
    ----------
    samples : mapping
        Name to populations, all of one strategy; a group is what should be alike (one panel of one
        day, or one culture over its days).
    """
    unlike = rank_features({name: features(p) for name, p in samples.items()}, seed=seed)
    made = []
    for odd in unlike:
        asked, said = _flagged(samples[odd.name])
        made.append(Oddness(odd.name, odd.score + asked, (*said, *odd.reasons)))
    return _oddest_first(made)


def rank_features(
    samples: Mapping[str, Mapping[str, float]], *, seed: int = 0, isolate: Isolate | None = None
) -> tuple[Oddness, ...]:
    """Score every sample of a group against the others, the oddest first.

    Parameters
    ----------
    samples : mapping
        Name to what ``features`` gives.
    isolate : callable, optional
        Stands for ``isolation``, by someone who remembers what it gave before.
    """
    names = list(samples)
    keys = sorted({k for r in samples.values() for k in r})
    values = [[samples[n].get(k, np.nan) for k in keys] for n in names]
    distances = _distances(np.array(values).reshape(len(names), len(keys)), keys)
    together = (isolate or isolation)(distances, seed)
    made = []
    for k, name in enumerate(names):
        alone = float(np.max(np.abs(distances[k]), initial=0.0))
        score = max(alone, float(together[k]))
        made.append(Oddness(name, score, _reasons(distances[k], keys)))
    return _oddest_first(made)


def _oddest_first(found: Sequence[Oddness]) -> tuple[Oddness, ...]:
    return tuple(sorted(found, key=lambda o: (-o.score, o.name)))


def _distances(table: Floats, keys: Sequence[str]) -> Floats:
    """Return each value's distance from its group's median in robust standard deviations."""
    if len(table) < MIN_GROUP:
        return np.zeros(table.shape)
    made = np.zeros(table.shape)
    for j, key in enumerate(keys):
        values = table[:, j]
        known = np.isfinite(values)
        if np.count_nonzero(known) < MIN_GROUP:
            continue
        middle = np.median(values[known])
        spread = 1.4826 * np.median(np.abs(values[known] - middle))
        least = LEAST_SPREAD.get(key.split(", ")[1], 0.1)
        made[known, j] = (values[known] - middle) / max(float(spread), least)
        if key.endswith(", separation"):  # peaks that lie further apart than usual worry nobody
            made[:, j] = np.minimum(made[:, j], 0.0)
    return made


def isolation(distances: Floats, seed: int) -> Floats:
    """Return how far an isolation forest sets each sample apart, in its own spreads.

    Parameters
    ----------
    distances : ndarray, shape (n_samples, n_features)
        In robust standard deviations.
    """
    if len(distances) < FOREST_GROUP or not distances.size:
        return np.zeros(len(distances))
    from sklearn.ensemble import IsolationForest

    held = np.clip(distances, -10.0, 10.0)
    forest = IsolationForest(n_estimators=100, random_state=seed).fit(held)
    score = -forest.score_samples(held)
    return np.asarray(np.maximum((score - np.median(score)) * FOREST_SCALE * ODD, 0.0))


def _reasons(distances: Floats, keys: Sequence[str]) -> tuple[str, ...]:
    order = np.argsort(-np.abs(distances), kind="stable")
    said = []
    for j in order:
        if abs(distances[j]) <= ODD:
            break
        population, feature = keys[j].split(", ")
        side = "above" if distances[j] > 0 else "below"
        word = WORDS.get(feature, feature)
        said.append(f"{population}: {word} {abs(distances[j]):.0f} spreads {side} its group's")
    return tuple(said)


def _flagged(populations: Populations) -> tuple[float, tuple[str, ...]]:
    """Return the weight and the words of the flags that already ask someone to look."""
    asked = [f for f in populations.all_flags if f.severity.rank >= Severity.REVIEW.rank]
    return ODD * bool(asked) + 0.5 * len(asked), tuple(f.message for f in asked)
