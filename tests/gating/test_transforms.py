"""Display scales against flowutils, and back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gating.transforms import Asinh, Biex, Hyperlog, Linear, Log, Logicle, parse_transform
from labproc.errors import SettingsError

SCALES = [
    Linear(),
    Log(262_144, 4.5),
    Asinh(150),
    Logicle(1_048_576, 0.7, 4.5, 0.0),
    Hyperlog(),
    Biex(),
    Biex(1_048_576.5, 5.123456789, 1.0, -31.622776601683793),
]


@pytest.mark.parametrize("width", [0.0, 0.3, 0.5, 1.0, 1.8])
@pytest.mark.parametrize(("top", "negative"), [(262_144.0, 0.0), (1_048_575.0, 0.5)])
def test_logicle_agrees_with_flowutils(width, top, negative):
    from flowutils.transforms import logicle

    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(0, 400, 20_000), 10 ** rng.uniform(-3, 6, 20_000)])
    values = np.concatenate([values, -values, [0.0]]).astype(np.float32)
    reference = logicle(values.astype(float)[:, None], [0], top, 4.5, width, negative)[:, 0]
    scale = Logicle(top, width, 4.5, negative)
    assert np.abs(scale.forward(values) - reference).max() < 1e-6
    few = values[:500]
    assert np.abs(scale.forward(few) - reference[:500]).max() < 1e-12


def test_logicle_shows_zero_at_its_known_place():
    # x1 = A/(M+A) + W/(M+A), from Moore and Parks' definition
    scale = Logicle(262_144, 0.5, 4.5, 0.5)
    assert float(scale.forward([0.0])[0]) == pytest.approx(0.5 / 5 + 0.5 / 5)
    assert float(scale.forward([262_144.0])[0]) == pytest.approx(1.0)


@pytest.mark.parametrize("scale", SCALES, ids=lambda s: s.spec)
@given(value=st.floats(1.0, 200_000.0))
def test_inverse_undoes_forward(scale, value):
    if isinstance(scale, Log):
        value = max(value, 10.0)  # the scale's bottom: 262144 / 10^4.5 = 8.3
    shown = scale.forward(np.array([value]))
    assert float(scale.inverse(shown)[0]) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("scale", SCALES, ids=lambda s: s.spec)
def test_a_scale_is_read_back_from_its_text(scale):
    assert parse_transform(scale.spec) == scale


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("biexp:T=1", "found 'biexp', expected log, asinh"),
        ("logicle:T=abc", "found 'T=abc', expected T, W, M, A as numbers"),
        ("logicle:T=262144,W=3,M=4.5,A=0", "expected T > 0, M > 0 and 0 <= W <= M/2"),
        ("biex:T=262144,pos=4.5,neg=0,width=5", "width=5; expected T > 0, width <= -1"),
        ("biex:T=262144,pos=2,neg=0,width=-1000", "expected T > 0, width <= -1 and pos > log10"),
        ("asinh:T=3", "found 'T=3', expected cofactor as numbers"),
    ],
)
def test_a_scale_that_makes_no_sense_is_named(text, message):
    with pytest.raises(SettingsError, match=message):
        parse_transform(text)


def test_many_values_keep_their_order():
    values = np.sort(np.random.default_rng(0).normal(0, 1e4, 50_000)).astype(np.float32)
    assert np.all(np.diff(Logicle().forward(values)) >= 0)


@pytest.mark.parametrize(("width", "negative"), [(0.3, 0.0), (0.5, 0.5), (1.5, 0.0)])
def test_hyperlog_agrees_with_flowutils(width, negative):
    from flowutils.transforms import hyperlog

    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(0, 400, 2_000), 10 ** rng.uniform(0, 5.4, 2_000)])
    reference = hyperlog(values[:, None], [0], 262_144.0, 4.5, width, negative)[:, 0]
    shown = Hyperlog(262_144.0, width, 4.5, negative).forward(values)
    assert np.abs(shown - reference).max() < 1e-9


@pytest.mark.parametrize(("width", "negative"), [(0.5, 0.0), (1.0, 0.5)])
def test_hyperlog_comes_back_as_flowutils_says(width, negative):
    from flowutils.transforms import hyperlog_inverse

    display = np.linspace(-0.2, 1.0, 500)
    reference = hyperlog_inverse(display[:, None], [0], 262_144.0, 4.5, width, negative)[:, 0]
    found = Hyperlog(262_144.0, width, 4.5, negative).inverse(display)
    assert found == pytest.approx(reference, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("width", [-1.0, -10.0, -31.6, -100.0, -1000.0])
@pytest.mark.parametrize("negative", [0.0, 0.5, 1.5])
@pytest.mark.parametrize(("top", "positive"), [(262_144.000029, 4.41854), (1_048_576.0, 5.2)])
def test_biex_agrees_with_flowkits_copy_of_flowjos(width, negative, top, positive):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own dependencies
        from flowkit import transforms

    judge = transforms.WSPBiexTransform(negative, width, positive, top)
    scale = Biex(top, positive, negative, width)
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(0, 3_000, 2_000), 10 ** rng.uniform(0, 6.5, 2_000)])
    values = np.concatenate([values, -values, [0.0]])
    assert np.abs(scale.forward(values) - judge.apply(values) / 4096.0).max() < 1e-9
    display = np.linspace(0.0, 1.0, 1_001)
    assert scale.inverse(display) == pytest.approx(judge.inverse(display * 4096.0), abs=1e-6)


def test_every_digit_of_a_scale_is_written():
    # 4.418539922 and 1048576 stood as 4.41854 and 1.04858e+06
    for scale in (Log(1_048_576.0, 4.418539922), Asinh(52_958.38383838383)):
        assert parse_transform(scale.spec) == scale
