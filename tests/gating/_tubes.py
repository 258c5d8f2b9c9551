"""Small tubes with known populations, made by hand for the gating tests."""

import numpy as np

from labproc.model import Channel, Events, FlowTube, SourceFile, Spillover

NAMES = ("Time", "FSC-A", "FSC-H", "SSC-A", "BL1-A", "VL1-A", "RL1-A", "RL2-A", "YL2-A")
LABELS = ("", "", "", "", "Protein L FITC", "CD4 BV421", "CD8 APC", "Viability", "CD3 PE")
TOP = 1_048_576.0
VOLTS = 400.0


def tube(values, names=NAMES, labels=LABELS, *, path="tube.fcs", voltage=VOLTS, spillover=None,
         keywords=None, ranges=None):  # fmt: skip
    """Wrap a matrix of linear values as a tube that was just read."""
    ranges = ranges or [TOP] * len(names)
    channels = tuple(
        Channel(n, label, range=r, voltage=voltage)
        for n, label, r in zip(names, labels, ranges, strict=True)
    )
    matrix = np.asarray(values, dtype=np.float32).reshape(-1, len(names))
    events = Events(matrix, channels, spillover=spillover)
    return FlowTube(
        SourceFile(path, "0" * 64, "fcs"),
        events,
        keywords=dict(keywords or {}),
        cytometer="Attune NxT",
        time_step_s=0.001,
    )


def spill(*pairs):
    """Return a two-dye spillover matrix."""
    return Spillover(("BL1-A", "YL2-A"), np.array([[1.0, pairs[0]], [pairs[1], 1.0]]))


def culture(n=8_000, *, cd4=0.55, car=0.3, separation=4.0, car_shift=0.0, dead=0.1, debris=0.15,
            doublets=0.05, seed=0):  # fmt: skip
    """Return a tube of a CAR-T culture and the truth masks of its populations."""
    rng = np.random.default_rng(seed)
    kind = rng.random(n)
    is_debris = kind < debris
    is_doublet = (kind >= debris) & (kind < debris + doublets)
    is_dead = ~is_debris & (rng.random(n) < dead)
    is_t = rng.random(n) < 0.95
    is_cd4 = rng.random(n) < cd4
    is_car = rng.random(n) < car
    height = np.where(is_debris, rng.lognormal(10.6, 0.5, n), rng.normal(250_000, 35_000, n))
    height = np.clip(height, 3_000, TOP - 1)
    area = height * rng.normal(1.0, 0.03, n) * np.where(is_doublet, rng.uniform(1.5, 2.0, n), 1.0)
    side = np.where(is_debris, rng.lognormal(10.2, 0.6, n), rng.lognormal(11.7, 0.3, n))

    def log(centre, spread=0.2):
        return 10 ** rng.normal(centre, spread, n) + rng.normal(0, 80, n)

    skewed = 10 ** (2.7 + 0.22 * (rng.gamma(4.0, 1.0, n) - 4.0) / 2.0 + 0.22 * car_shift)
    fitc = np.where(is_car & is_t, log(2.7 + 0.22 * separation, 0.22), skewed)
    values = np.column_stack([
        np.sort(rng.uniform(0, 60_000, n)), np.clip(area, 0, TOP - 1), height,
        np.clip(side, 0, TOP - 1), fitc,
        np.where(is_cd4, log(4.2), log(2.4)), np.where(is_cd4, log(2.5), log(4.4)),
        np.where(is_dead, log(4.6), log(2.8, 0.25)), np.where(is_t, log(4.3), log(2.6)),
    ])  # fmt: skip
    cells = ~is_debris
    single = cells & ~is_doublet
    live = single & ~is_dead
    t_cells = live & is_t
    truth = {
        "Cells": cells, "Singlets": single, "Live": live, "T cells": t_cells,
        "CAR+": t_cells & is_car, "CD4+": t_cells & is_cd4, "CD8+": t_cells & ~is_cd4,
    }  # fmt: skip
    return tube(values), truth


def agreement(mask, truth):
    """Return F1 of two masks."""
    return 2.0 * np.count_nonzero(mask & truth) / max(np.count_nonzero(mask) + truth.sum(), 1)
