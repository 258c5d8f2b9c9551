"""Two channels split into Gaussian clusters; one of them is the population."""

import warnings

import numpy as np
from numpy.typing import NDArray

from gating.density import count_plane, histogram
from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import select
from labproc.model import Boundary
from labproc.model.flag import review, warning

GRID = 128
SAMPLE = 5_000  # events that the clusters are fitted to: milliseconds, at equal agreement
FEW = 100
MASS = 5.991  # squared distance that holds 95 % of a two-dimensional Gaussian
CORNERS = {"high": (1, 1), "low": (-1, -1), "high_low": (1, -1), "low_high": (-1, 1)}


def place(request: Request) -> tuple[Selection, ...]:
    """Fit ``clusters`` Gaussians and take the one furthest towards the corner ``towards``."""
    population = request.populations[0]
    if request.n_events < FEW:
        flag = review("too_few_events", f"{population}: {request.n_events} events to gate on")
        mask = np.zeros(request.n_events, dtype=np.bool_)
        return (Selection(population, mask, flags=(flag,)),)
    sample, spread = _sample(request)
    means, covariances, converged = _fit(sample, int(request.number("clusters", 2)), request.seed)
    corner = np.array(CORNERS.get(request.word("towards", "high"), (1, 1)))
    chosen = int(np.argmax((means / spread) @ corner))
    axes = np.linalg.cholesky(covariances[chosen]) * np.sqrt(MASS)
    points = np.array([means[chosen], means[chosen] + axes[:, 0], means[chosen] + axes[:, 1]])
    boundary = Boundary("ellipse", request.channels, request.specs, points)
    made = select(request, population, boundary, side="above")
    parameters: dict[str, float | str] = {"clusters": request.number("clusters", 2)}
    flags = () if converged else (warning("mixture_not_settled", f"{population}: fit unsettled"),)
    return (
        Selection(population, made.mask, boundary, made.estimate, made.draws, parameters, flags),
    )


def _sample(request: Request) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw events from the counts of both channels, whatever the order of the events."""
    shown = [request.display(k) for k in (0, 1)]
    axes = histogram(shown[0], GRID), histogram(shown[1], GRID)
    counts = count_plane(shown[0], shown[1], axes).ravel()
    rng = np.random.default_rng(request.seed)
    drawn = rng.choice(counts.size, SAMPLE, p=counts / counts.sum())
    at = [drawn // GRID, drawn % GRID]
    columns = [h.at(i + rng.random(SAMPLE)) for h, i in zip(axes, at, strict=True)]
    return np.column_stack(columns), np.array([h.high - h.low for h in axes])


def _fit(
    sample: NDArray[np.float64], clusters: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(clusters, random_state=seed, max_iter=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not settling becomes a flag
        model.fit(sample)
    return np.asarray(model.means_), np.asarray(model.covariances_), bool(model.converged_)


METHODS.register("mixture")(
    Method(
        "one Gaussian cluster of several",
        place,
        n_channels=(2,),
        options={"clusters": 2, "towards": "high"},
    )
)
