"""Data sets, supplemental TEXT, ANALYSIS, and what is no regular file."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labproc.errors import ParseError
from labproc.formats.fcs.dataset import open_fcs

Build = Callable[..., Path]


@pytest.fixture
def two(build: Build, floats: np.ndarray) -> Path:
    """Two data sets of 3 and 2 events in one file."""
    extra = {"$NEXTDATA": "000000"}
    one = build(floats.tobytes(), tot=3, bits=[32] * 2, extra=extra).read_bytes()
    path = build(floats[1:].tobytes(), tot=2, bits=[32] * 2, name="two.fcs")
    first = one.replace(b"$NEXTDATA/000000", b"$NEXTDATA/%06d" % len(one))
    path.write_bytes(first + path.read_bytes())
    return path


def test_every_data_set_is_counted_and_read(two: Path, floats: np.ndarray) -> None:
    first, n = open_fcs(two)
    second, _ = open_fcs(two, dataset=2)
    assert n == 2
    assert np.array_equal(first.matrix(), floats)
    assert np.array_equal(second.matrix(), floats[1:])
    assert first.flags == second.flags == ()


@pytest.mark.parametrize("number", [0, 3])
def test_a_data_set_that_is_not_there_is_refused(two: Path, number: int) -> None:
    with pytest.raises(ParseError, match=f"no data set {number}, expected 1 to 2"):
        open_fcs(two, dataset=number)


@pytest.mark.parametrize("step", ["1", "99999999", "-7", "abc", "9" * 20])
def test_a_next_data_set_that_is_not_there_is_ignored_and_said(
    build: Build, floats: np.ndarray, step: str
) -> None:
    path = build(floats.tobytes(), tot=3, bits=[32] * 2, extra={"$NEXTDATA": step})
    data, n = open_fcs(path)
    assert n == 1
    assert [f.code for f in data.flags] == ["next_dataset_missing"]


def test_a_broken_second_data_set_does_not_cost_the_first(two: Path, floats: np.ndarray) -> None:
    raw = two.read_bytes()
    cut = raw[: raw.rindex(b"FCS3.0") + 100]
    two.write_bytes(cut)
    data, n = open_fcs(two)
    assert n == 1
    assert np.array_equal(data.matrix(), floats)
    assert next(f.code for f in data.flags) == "next_dataset_unreadable"


def test_a_second_file_behind_the_first_is_said(build: Build, floats: np.ndarray) -> None:
    path = build(floats.tobytes(), tot=3, bits=[32] * 2)
    path.write_bytes(path.read_bytes() * 2)
    assert [f.code for f in open_fcs(path)[0].flags] == ["dataset_behind"]


def test_supplemental_text_adds_keywords_and_never_replaces(
    build: Build, floats: np.ndarray
) -> None:
    more = b"/MORE/yes/$TOT/99/"
    plain = build(floats.tobytes(), tot=3, bits=[32] * 2, extra={"$BEGINSTEXT": "0" * 6})
    begin = len(plain.read_bytes()) + len("/$ENDSTEXT/000000")
    extra = {"$BEGINSTEXT": f"{begin:06d}", "$ENDSTEXT": f"{begin + len(more) - 1:06d}"}
    path = build(floats.tobytes(), tot=3, bits=[32] * 2, extra=extra, tail=more)
    data, _ = open_fcs(path)
    assert data.keywords["MORE"] == "yes"
    assert data.keywords["$TOT"] == "3"
    assert np.array_equal(data.matrix(), floats)


def test_supplemental_text_outside_the_file_is_left_out_and_said(
    build: Build, floats: np.ndarray
) -> None:
    extra = {"$BEGINSTEXT": "100", "$ENDSTEXT": "99999999"}
    path = build(floats.tobytes(), tot=3, bits=[32] * 2, extra=extra)
    assert [f.code for f in open_fcs(path)[0].flags] == ["segment_misplaced"]


def test_analysis_is_read_by_the_header(build: Build, floats: np.ndarray) -> None:
    found = b"/GATE1/0.5/"
    path = build(floats.tobytes(), tot=3, bits=[32] * 2)
    raw = path.read_bytes()
    places = b"%8d%8d" % (len(raw), len(raw) + len(found) - 1)
    path.write_bytes(raw[:42] + places + raw[58:] + found)
    assert open_fcs(path)[0].analysis == {"GATE1": "0.5"}


def test_a_text_mode_copy_is_found_out(build: Build) -> None:
    values = np.full((40, 2), 2570.0, dtype="<f4")  # 0x45 20 A0 00: give each event a line feed
    data = values.tobytes().replace(b"\xa0", b"\n")
    path = build(data, tot=40, bits=[32, 32])
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert "text_mode_transfer" in [f.code for f in open_fcs(path)[0].flags]


def test_trailing_bytes_are_only_mentioned(build: Build, floats: np.ndarray) -> None:
    path = build(floats.tobytes(), tot=3, bits=[32] * 2, tail=b"\xfe" * 20)
    data, _ = open_fcs(path)
    assert np.array_equal(data.matrix(), floats)
    assert [f.code for f in data.flags] == ["trailing_bytes"]


def test_channels_without_names_or_with_one_name_get_their_own(
    build: Build, floats: np.ndarray
) -> None:
    data = np.tile(floats, 2).tobytes()
    names = {"$P1N": "", "$P2N": "FL1", "$P3N": "FL1", "$P4N": "FL1_2"}
    path = build(data, tot=3, bits=[32] * 4, extra=names)
    opened, _ = open_fcs(path)
    assert [c.name for c in opened.channels] == ["P1", "FL1", "FL1_3", "FL1_2"]
    assert [f.code for f in opened.flags] == ["channel_name_missing", "channel_name_repeated"]


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.fcs")
    (tmp_path / "folder.fcs").mkdir()
    (tmp_path / "loop.fcs").symlink_to("loop.fcs")
    (tmp_path / "gone.fcs").symlink_to("nowhere")
    for path in tmp_path.iterdir():
        with pytest.raises(ParseError, match=rf"{path.name}: .*, expected"):
            open_fcs(path)


def test_nothing_is_allocated_from_what_a_sparse_file_claims(
    build: Build, floats: np.ndarray
) -> None:
    path = build(floats.tobytes(), tot=2**31, bits=[32] * 2)
    os.truncate(path, 500 * 2**20)
    with pytest.raises(ParseError, match="expected 17179869184 bytes"):
        open_fcs(path)


def test_a_file_of_which_almost_nothing_was_written_is_refused(
    build: Build, floats: np.ndarray
) -> None:
    n_events = 2**31
    n_bytes = 8 * n_events
    path = build(
        floats.tobytes(),
        tot=n_events,
        bits=[32] * 2,
        header_data=(0, 0),
        text_data=(0, n_bytes - 24),
    )
    os.truncate(path, path.stat().st_size + n_bytes - 24)
    with pytest.raises(ParseError, match="are on the disk, expected a file that was written"):
        open_fcs(path)


def test_floats_are_linear_whatever_their_scale_says(build: Build, floats: np.ndarray) -> None:
    path = build(floats.tobytes(), tot=3, bits=[32] * 2, extra={"$P2E": "4,1"})
    data, _ = open_fcs(path)
    assert [c.is_log for c in data.channels] == [False, False]
    assert [f.code for f in data.flags] == ["log_scale_on_floats"]


def test_a_few_bytes_before_data_that_are_not_blank_are_for_review(
    build: Build, floats: np.ndarray
) -> None:
    blank = build(floats.tobytes(), tot=3, bits=[32] * 2, gap=b" \0")
    odd = build(floats.tobytes(), tot=3, bits=[32] * 2, gap=b"\x45\x20", name="b.fcs")
    assert open_fcs(blank)[0].flags == ()
    assert [f.code for f in open_fcs(odd)[0].flags] == ["gap_not_blank"]
