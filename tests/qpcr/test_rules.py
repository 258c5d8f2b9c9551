"""What the standards are counted in."""

import pytest

from labproc.errors import SettingsError
from labproc.qpcr import QpcrRules


def test_units_by_hand():
    assert QpcrRules(standard_unit="copies_per_well").copies_per_unit("CAR") == 1
    rules = QpcrRules(standard_unit="copies_per_ul", template_ul_per_well=5.0)
    assert rules.copies_per_unit("CAR") == 5
    # 1000 pg / 6.6 pg = 151.5 genomes, 303.0 copies of ALB
    rules = QpcrRules(
        standard_unit="copies_per_well", reference_target="ALB", reference_standard_unit="ng"
    )
    assert rules.copies_per_unit("alb") == pytest.approx(303.0303)
    assert rules.copies_per_unit("CAR") == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "quantities have no unit"),
        ({"standard_unit": "copies_per_ul"}, "template_ul_per_well is None"),
        ({"standard_unit": "ng"}, "copies_per_ng is None"),
    ],
)
def test_what_is_missing_is_named(settings, message):
    with pytest.raises(SettingsError, match=message):
        QpcrRules(**settings).copies_per_unit("CAR")


def test_unknown_unit_and_no_dna_are_refused():
    with pytest.raises(SettingsError, match="standard_unit is 'copies', expected one of"):
        QpcrRules(standard_unit="copies")
    with pytest.raises(SettingsError, match="dna_ng_per_well is 0 ng"):
        QpcrRules(dna_ng_per_well=0.0)
