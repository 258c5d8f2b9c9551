"""Values that no instrument gives are said to be such."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labproc.formats.fcs.dataset import open_fcs

Build = Callable[..., Path]


def codes(path: Path) -> list[str]:
    return [f.code for f in open_fcs(path)[0].flags]


@pytest.fixture
def sound() -> np.ndarray:
    return np.random.default_rng(2).normal(5e4, 2e4, (2000, 3)).astype("<f4")


def test_sound_values_raise_no_doubt(build: Build, sound: np.ndarray) -> None:
    assert codes(build(sound.tobytes(), tot=2000, bits=[32] * 3)) == []


def test_floats_in_the_wrong_byte_order_are_flagged(build: Build, sound: np.ndarray) -> None:
    path = build(sound.tobytes(), tot=2000, bits=[32] * 3, order="4,3,2,1")
    assert "values_garbled" in codes(path)


def test_integers_read_as_floats_are_flagged(build: Build) -> None:
    data = np.random.default_rng(3).integers(0, 2**18, (2000, 3)).astype("<u4").tobytes()
    assert "values_garbled" in codes(build(data, tot=2000, bits=[32] * 3))


@pytest.mark.parametrize(("share", "code"), [(1, "values_not_finite"), (20, "values_garbled")])
def test_nan_is_flagged_by_how_much_there_is(
    build: Build, sound: np.ndarray, share: int, code: str
) -> None:
    sound[:share, 1] = np.nan
    assert code in codes(build(sound.tobytes(), tot=2000, bits=[32] * 3))


@pytest.mark.parametrize("bits", [16, 32])
def test_full_range_integers_in_the_wrong_order_are_doubted(build: Build, bits: int) -> None:
    values = np.random.default_rng(4).integers(0, 2**10, (2000, 3))
    data = values.astype(f"<u{bits // 8}").tobytes()
    settings = {"tot": 2000, "bits": [bits] * 3, "datatype": "I", "ranges": [2**bits] * 3}
    assert codes(build(data, **settings)) == []
    assert codes(build(data, order="4,3,2,1", **settings)) == ["byte_order_doubtful"]


def test_ten_bit_values_shifted_to_the_left_are_not_doubted(build: Build) -> None:
    data = (np.random.default_rng(5).integers(0, 2**10, (2000, 3)) << 6).astype("<u2").tobytes()
    assert codes(build(data, tot=2000, bits=[16] * 3, datatype="I", ranges=[65536] * 3)) == []


def test_equal_events_and_a_lost_page_are_flagged(build: Build, sound: np.ndarray) -> None:
    same = np.tile(sound[:1], (100, 1))
    assert codes(build(same.tobytes(), tot=100, bits=[32] * 3)) == ["constant_events"]
    sound[500:560] = 0
    assert codes(build(sound.tobytes(), tot=2000, bits=[32] * 3)) == ["events_all_zero"]


def test_bits_above_range_are_counted_in_every_event_of_a_large_file(build: Build) -> None:
    values = np.random.default_rng(6).integers(0, 1024, (100_000, 2)).astype("<u2")
    values[77_777, 1] = 2048  # between the pieces of a sample
    path = build(values.tobytes(), tot=100_000, bits=[16] * 2, datatype="I", ranges=[1024] * 2)
    assert codes(path) == ["bits_above_range"]


def test_integers_beyond_float64_are_flagged(build: Build) -> None:
    data = np.array([[2**60 + 1], [5]], "<u8").tobytes()
    path = build(data, tot=2, bits=[64], datatype="I", ranges=[2**64])
    assert codes(path) == ["values_inexact"]
