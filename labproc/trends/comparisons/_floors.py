"""The smallest two-sided P that an exact test can reach with so many repeats."""

from math import comb


def paired_floor(n_pairs: int) -> float:
    """Return 2 / 2^n: all differences on one side, out of every choice of signs."""
    return float(2.0 / 2.0**n_pairs)


def unpaired_floor(n: tuple[int, int]) -> float:
    """Return the share of the arrangements as extreme as complete separation.

    With arms of one size the mirrored arrangement is as extreme: 2 / C(6, 3) = 0.10 for 3 and 3.
    """
    return (2.0 if n[0] == n[1] else 1.0) / comb(sum(n), n[0])


TIES = 1.0 - 1e-9
"""Arrangements this close to the one seen are ties: sums in another order differ by rounding."""
