"""What a simulated tube holds and how it was acquired."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TubeSpec:
    """What a tube holds and how it was acquired.

    Fractions are 0-1: ``viability`` of cells, ``t_fraction`` of live cells, ``car_fraction``,
    ``cd4_fraction``, ``double_negative`` and ``double_positive`` of T cells (CD8 is the rest).
    ``debris`` and ``doublets`` are shares of the events.

    Parameters
    ----------
    cells_per_ul : float
        All cells, dead ones included, per µL as acquired (after dilution).
    volume_ul : float
        Volume that the cytometer took in; $VOL says the same to the nearest µL.
    stained : bool
        False for an unstained tube: autofluorescence only.
    car_median : float or None
        Median protein L signal of CAR+ cells; None for the panel's own.
    control_shift : float
        Factor on the background of protein L, e.g. 1.1 for a control stained apart.
    drift : float
        Relative change of fluorescence from the first event to the last.
    clog : tuple of float or None
        Start and end (0-1 of the time) of a stretch of disturbed flow.
    """

    panel: str = "car"
    cells_per_ul: float = 150.0
    volume_ul: float = 100.0
    viability: float = 0.91
    t_fraction: float = 0.96
    car_fraction: float = 0.3
    cd4_fraction: float = 0.55
    double_negative: float = 0.025
    double_positive: float = 0.012
    debris: float = 0.15
    doublets: float = 0.04
    stained: bool = True
    car_median: float | None = None
    control_shift: float = 1.0
    drift: float = 0.02
    clog: tuple[float, float] | None = None
