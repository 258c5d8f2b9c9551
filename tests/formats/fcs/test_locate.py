"""Where the events are, when HEADER, TEXT and keywords do not agree."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labproc.errors import ParseError
from labproc.formats.fcs.dataset import DataSet, open_fcs

Build = Callable[..., Path]


def opened(path: Path) -> tuple[DataSet, list[str]]:
    data, _ = open_fcs(path)
    return data, [f.code for f in data.flags]


@pytest.fixture
def many() -> np.ndarray:
    """400 events of two channels within $PnR, the first rising: a clock."""
    rng = np.random.default_rng(1)
    return np.column_stack([np.arange(400), rng.uniform(10, 2e5, 400)]).astype("<f4")


@pytest.mark.parametrize("wrong", [(-40, -40), (8, 0), (-20, 0), (10**6, 10**6), (0, -8)])
def test_text_offsets_that_do_not_fit_give_way_to_header(
    build: Build, floats: np.ndarray, wrong: tuple[int, int]
) -> None:
    path = build(floats.tobytes(), tot=3, bits=[32, 32], text_data=wrong)
    data, codes = opened(path)
    assert np.array_equal(data.matrix(), floats)
    assert codes == ["data_offsets_disagree"]


@pytest.mark.parametrize("wrong", [(-40, -40), (0, 700), (10**6, 10**6)])
def test_header_offsets_that_do_not_fit_give_way_to_text(
    build: Build, floats: np.ndarray, wrong: tuple[int, int]
) -> None:
    path = build(floats.tobytes(), tot=3, bits=[32, 32], header_data=wrong, tail=b"x" * 800)
    data, codes = opened(path)
    assert np.array_equal(data.matrix(), floats)
    assert "data_offsets_disagree" in codes


def test_of_two_pairs_that_fit_the_one_with_sound_values_is_taken(
    build: Build, many: np.ndarray
) -> None:
    path = build(
        many.tobytes(), tot=400, bits=[32, 32], gap=b"\xff" * 3, tail=b"\xff" * 9,
        text_data=(3, 3), extra={"$P1N": "Time"},
    )  # fmt: skip
    data, codes = opened(path)
    assert np.array_equal(data.matrix(), many)
    assert "data_offsets_disagree" in codes


def test_where_the_values_do_not_tell_both_sides_are_printed(build: Build) -> None:
    path = build(
        struct.pack("<4H", 1, 2, 3, 4), tot=2, bits=[16, 16], datatype="I",
        ranges=[65536] * 2, gap=b"\0" * 4, tail=b"\0" * 4, text_data=(2, 2),
    )  # fmt: skip
    with pytest.raises(ParseError, match=r"read in 2 ways .*HEADER: 2 events .*TEXT: 2 events"):
        opened(path)


@pytest.mark.parametrize("slack", [1, 8])
def test_an_end_given_too_far_is_cut_and_said(build: Build, floats: np.ndarray, slack: int) -> None:
    path = build(
        floats.tobytes(), tot=3, bits=[32, 32], header_data=(0, slack), text_data=(0, slack)
    )
    data, codes = opened(path)
    assert np.array_equal(data.matrix(), floats)
    assert codes == ["data_end_slack"]


def test_padding_behind_the_events_is_cut_but_other_bytes_are_not(
    build: Build, floats: np.ndarray
) -> None:
    for filler, fits in ((b"\0", True), (b"\1", False)):
        wider = {"header_data": (0, 100), "text_data": (0, 100), "tail": filler * 100}
        path = build(floats.tobytes(), tot=3, bits=[32, 32], **wider)
        if fits:
            assert "data_end_slack" in opened(path)[1]
        else:
            with pytest.raises(ParseError, match=r"\(124 bytes\), expected 24 bytes"):
                opened(path)


@pytest.mark.parametrize(("tot", "need"), [(4, 32), (1, 8), (0, 0), (10**12, 8 * 10**12)])
def test_a_wrong_number_of_events_is_refused_with_both_sides(
    build: Build, floats: np.ndarray, tot: int, need: int
) -> None:
    path = build(floats.tobytes(), tot=tot, bits=[32, 32])
    said = rf"\(24 bytes\), expected {need} bytes \(\$TOT {tot} x 2 parameters\)"
    with pytest.raises(ParseError, match=said):
        opened(path)


def test_a_missing_number_of_events_follows_from_the_length(
    build: Build, floats: np.ndarray
) -> None:
    data, codes = opened(build(floats.tobytes(), tot=None, bits=[32, 32]))
    assert np.array_equal(data.matrix(), floats)
    assert codes == ["tot_missing"]


def test_a_cut_file_is_refused(build: Build, floats: np.ndarray) -> None:
    path = build(floats.tobytes(), tot=3, bits=[32, 32])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ParseError, match="the copy is incomplete or the offsets are wrong"):
        opened(path)


def test_no_events_are_said_to_be_none(build: Build) -> None:
    data, codes = opened(build(b"", tot=0, bits=[32, 32]))
    assert data.matrix().shape == (0, 2)
    assert codes == ["no_events"]


@pytest.mark.parametrize("stale_first", [False, True])
def test_the_byte_order_that_gives_sound_values_wins(
    build: Build, many: np.ndarray, stale_first: bool
) -> None:
    orders = [("$BYTEORD", "1,2,3,4"), ("$BYTEORD", "4,3,2,1")]
    first, second = orders[::-1] if stale_first else orders
    path = build(
        many.tobytes(), tot=400, bits=[32, 32], order=first[1], extra=[second, ("$P1N", "Time")]
    )
    data, codes = opened(path)
    assert np.array_equal(data.matrix(), many)
    assert "duplicate_keyword_settled" in codes


def test_a_repeated_keyword_that_nothing_decides_is_refused(build: Build) -> None:
    path = build(
        struct.pack("<2H", 0x0101, 0x0202), tot=1, bits=[16, 16], datatype="I",
        ranges=[65536] * 2, extra=[("$BYTEORD", "4,3,2,1")],
    )  # fmt: skip
    with pytest.raises(ParseError, match="can be read in 2 ways"):
        opened(path)


@pytest.mark.parametrize(("key", "value"), [("$TOT", "10"), ("$P1B", "64"), ("$PAR", "3")])
def test_a_repeated_size_is_settled_by_the_length_of_data(
    build: Build, floats: np.ndarray, key: str, value: str
) -> None:
    data, codes = opened(build(floats.tobytes(), tot=3, bits=[32, 32], extra=[(key, value)]))
    assert np.array_equal(data.matrix(), floats)
    assert codes == ["duplicate_keyword_settled"]


def test_text_that_is_said_to_end_inside_data_ends_with_its_delimiter(
    build: Build, floats: np.ndarray
) -> None:
    path = build(floats.tobytes(), tot=3, bits=[32, 32])
    raw = bytearray(path.read_bytes())
    raw[18:26] = b"%8d" % (int(raw[18:26]) + 1)
    path.write_bytes(bytes(raw))
    data, codes = opened(path)
    assert np.array_equal(data.matrix(), floats)
    assert "text_end_slack" in codes


def test_the_byte_of_data_that_text_includes_may_look_like_a_delimiter(build: Build) -> None:
    data = struct.pack("<4H", ord("/"), 2, 3, 4)
    path = build(data, tot=2, bits=[16, 16], datatype="I", ranges=[65536] * 2)
    raw = bytearray(path.read_bytes())
    raw[18:26] = b"%8d" % (int(raw[18:26]) + 1)
    path.write_bytes(bytes(raw))
    data_set, codes = opened(path)
    assert data_set.matrix().tolist() == [[ord("/"), 2], [3, 4]]
    assert "text_end_slack" in codes


def test_header_that_says_99999999_for_a_large_file_gives_way_to_text(
    build: Build, floats: np.ndarray
) -> None:
    path = build(floats.tobytes(), tot=3, bits=[32, 32])
    raw = path.read_bytes()
    path.write_bytes(raw[:34] + b"99999999" + raw[42:])
    data, codes = opened(path)
    assert np.array_equal(data.matrix(), floats)
    assert codes == ["data_offsets_disagree"]
