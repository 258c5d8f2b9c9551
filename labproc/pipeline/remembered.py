"""What the outlier model said of each group of tubes, kept in the store.

scikit-learn takes two seconds to import and a quarter of one for each group: that is paid when
tubes are new, not whenever a study is opened.
"""

import hashlib
import json
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labproc.pipeline.versions import PIPELINE_VERSION, software_versions
from labproc.store import Store

Floats = NDArray[np.float64]
NAME = "isolation"  # of the value in the store


@dataclass
class Remembered:
    """The model's scores by what it was asked, and which of them were asked for this time."""

    known: dict[str, list[float]] = field(default_factory=dict)
    asked: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store) -> "Remembered":
        """Read what a store holds."""
        held = store.get_meta(NAME)
        return cls(json.loads(held) if held else {})

    def isolate(self, distances: Floats, seed: int) -> Floats:
        """Return what ``gating.oddness.isolation`` gives, from memory where it is known."""
        from gating.oddness import FOREST_GROUP, isolation

        if len(distances) < FOREST_GROUP:
            return isolation(distances, seed)
        key = _key(distances, seed)
        if key not in self.asked:
            found = self.known.get(key)
            self.asked[key] = isolation(distances, seed).tolist() if found is None else found
        return np.array(self.asked[key])

    def keep(self, store: Store) -> None:
        """Write what was asked for this time, where it differs from what the store holds."""
        if self.asked != self.known:
            store.put_meta(NAME, json.dumps(self.asked))


def _key(distances: Floats, seed: int) -> str:
    model = PIPELINE_VERSION, software_versions()["scikit-learn"], distances.shape, seed
    return hashlib.sha256(repr(model).encode() + distances.tobytes()).hexdigest()
