"""Our curves and quantities against the instruments' own, in real exports."""

from pathlib import Path

import pytest

from labproc.parsers import read_file
from labproc.qpcr import QpcrRules, analyse_run

pytestmark = pytest.mark.shared

RULES = QpcrRules(standard_unit="copies_per_well")
DA2 = "quantstudio_da2/appbio_quantstudio_designandanalysis_"

# file, target, slope in the file (None where it states quantities only), tolerance of quantities
COMPLETE = [
    ("quantstudio_txt/appbio_quantstudio_example04.txt", "RNase P", -3.383, 0.001),
    (f"{DA2}QS1_Standard_Curve_example01.xlsx", "RNaseP", -3.3419, 0.001),
    (f"{DA2}QS7_Standard_Curve_example06.xlsx", "RNase P", -3.3832, 0.001),
    (f"{DA2}QS6_Standard_Curve_example04.xlsx", "RNAse P", -3.2767, 0.001),
    ("autoqpcr/2019-04-25_124559-GAPDH.csv", "GAPDH", -3.918, 0.001),
    ("autoqpcr/2019-04-25_135946-ACTB.csv", "ACTB", -3.869, 0.001),
    ("mx3000p/raw_data_stratagene.txt", "SYBR", -3.338, 0.006),
    ("cfx/HTqPCR_CFX_sample.txt", "GLP1", -2.811, 0.006),
    ("cfx/HTqPCR_CFX_sample.txt", "PYY", -3.183, 0.006),
    ("cfx/HTqPCR_CFX_sample.txt", "TFF1", -3.073, 0.006),
    ("cfx/raw_data_biorad_c1000_2.txt", "GAPDH", None, 0.0095),
]


def analyse(shared: Path, name: str):
    return analyse_run(read_file(shared / "data/qpcr" / name), RULES)


@pytest.mark.parametrize(("name", "target", "slope", "tolerance"), COMPLETE)
def test_slope_and_quantities_agree_with_the_instrument(shared, name, target, slope, tolerance):
    analysis = analyse(shared, name)
    curve = next(c for c in analysis.curves if c.target == target)
    if slope is not None:
        assert curve.slope == pytest.approx(slope, abs=0.0015)
    both = [q for q in analysis.quantities if q.target == target and q.reported_copies and q.copies]
    assert both
    assert max(abs(q.copies / q.reported_copies - 1) for q in both) <= tolerance
    assert "differs_from_reported" not in {f.code for f in curve.flags}


@pytest.mark.parametrize(
    "name",
    [
        "lc480/raw_LC_384wells.txt",
        "lc480/HTqPCR_LightCycler_sample.txt",
        "quantstudio_txt/appbio_quantstudio_example07.txt",
    ],
)
def test_weighted_and_trimmed_curves_are_flagged(shared, name):
    analysis = analyse(shared, name)
    assert "differs_from_reported" in {f.code for f in analysis.flags}


def test_curves_that_no_reaction_has_are_flagged_and_not_fitted(shared):
    analysis = analyse(shared, "quantstudio_da2/appbio_quantstudio_design_quantity_test.xlsx")
    assert analysis.curves == ()
    assert sum(f.code == "reported_curve_unusable" for f in analysis.flags) == 2


def test_genes_that_share_one_dye_are_not_one_curve(shared):
    analysis = analyse(shared, "cfx/raw_data_biorad_MyIq2.csv")
    assert "several_standard_series" in {f.code for f in analysis.flags}
