"""The design's own worked numbers."""

import pytest

from labproc.errors import StandardCurveError
from labproc.model import StandardCurve
from labproc.qpcr.copies import Amount, copies_per_ug, per_ug, ratio


def test_three_copies_in_200_ng_are_16_per_ug():
    assert 3.2 * per_ug(200) == pytest.approx(16.0)


def test_no_dna_is_refused():
    curve = StandardCurve("CAR", slope=-3.32, intercept=38.0)
    with pytest.raises(StandardCurveError, match="CAR: 0 ng DNA in the well, expected more than 0"):
        copies_per_ug(28.0, curve, dna_ng=0.0)


def test_upper_limit_over_an_uncertain_reference_uses_its_low_end():
    found = ratio(Amount(None, 0.0, 1.0), Amount(100.0, 80.0, 125.0), factor=2.0)
    assert (found.value, found.low) == (None, 0.0)
    assert found.high == pytest.approx(2 / 80)


def test_nothing_over_nothing_is_nothing():
    assert ratio(Amount(1.0), Amount(None)) == Amount(None)
