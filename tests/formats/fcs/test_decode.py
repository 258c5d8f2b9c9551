"""DATA of every datatype, width and byte order, against bytes put together by hand."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labproc.errors import ParseError
from labproc.formats.fcs.dataset import open_fcs

Build = Callable[..., Path]


def matrix(path: Path, columns: list[int] | None = None) -> np.ndarray:
    return open_fcs(path)[0].matrix(columns)


@pytest.mark.parametrize(("sign", "order"), [("<", "1,2,3,4"), (">", "4,3,2,1")])
@pytest.mark.parametrize(("kind", "bits"), [("F", 32), ("D", 64)])
def test_floats_of_both_sizes_and_orders(
    build: Build, floats: np.ndarray, sign: str, order: str, kind: str, bits: int
) -> None:
    data = floats.astype(f"{sign}f{bits // 8}").tobytes()
    path = build(data, tot=3, bits=[bits] * 2, datatype=kind, order=order)
    read = matrix(path)
    assert read.dtype == (np.float32 if kind == "F" else np.float64)
    assert np.array_equal(read, floats)
    assert np.array_equal(matrix(path, [1]), floats[:, [1]])


@pytest.mark.parametrize("order", ["1,2,3,4", "4,3,2,1"])
def test_integers_of_mixed_widths(build: Build, order: str) -> None:
    events = [(255, 65535, 0xABCDEF, 2**32 - 1), (1, 2, 3, 4)]
    end = "little" if order[0] == "1" else "big"
    data = b"".join(v.to_bytes(n, end) for e in events for v, n in zip(e, (1, 2, 3, 4)))  # type: ignore[arg-type]  # noqa: B905
    ranges = [256, 65536, 2**24, 2**32]
    path = build(data, tot=2, bits=[8, 16, 24, 32], datatype="I", order=order, ranges=ranges)
    assert matrix(path).tolist() == [list(map(float, e)) for e in events]


def test_a_range_masks_the_bits_above_it_and_says_so(build: Build) -> None:
    data = struct.pack("<4H", 0x0400 | 5, 1023, 7, 0xFFFF)
    data_set, _ = open_fcs(build(data, tot=2, bits=[16, 16], datatype="I", ranges=[1024, 65536]))
    assert data_set.matrix().tolist() == [[5, 1023], [7, 65535]]
    flag = next(f for f in data_set.flags if f.code == "bits_above_range")
    assert "C1: bits above $PnR are set in up to 1 of 2 events" in flag.message


def test_ten_bits_stored_in_sixteen_bit_words(build: Build) -> None:
    data = struct.pack(">4H", 1, 1023, 512, 7)
    path = build(data, tot=2, bits=[10, 10], datatype="I", order="4,3,2,1", ranges=[1024] * 2)
    assert matrix(path).tolist() == [[1, 1023], [512, 7]]
    assert [f.code for f in open_fcs(path)[0].flags] == ["integers_in_words"]


def test_ten_bits_packed_without_gaps_big_endian(build: Build) -> None:
    # 0000000001 1111111111 1000000000 0000000111, then nothing: 40 bits in 5 bytes
    bits = "0000000001111111111110000000000000000111"
    data = int(bits, 2).to_bytes(5, "big")
    path = build(data, tot=2, bits=[10, 10], datatype="I", order="4,3,2,1", ranges=[1024] * 2)
    assert matrix(path).tolist() == [[1, 1023], [512, 7]]


def test_ten_bits_packed_without_gaps_little_endian(build: Build) -> None:
    whole = 1 | 1023 << 10 | 512 << 20 | 7 << 30
    path = build(whole.to_bytes(5, "little"), tot=2, bits=[10, 10], datatype="I", ranges=[1024] * 2)
    assert matrix(path).tolist() == [[1, 1023], [512, 7]]


def test_a_byte_order_of_swapped_words(build: Build) -> None:
    data = bytes([0x02, 0x01, 0x04, 0x03])  # 3,4,1,2: significances of the stored bytes
    data_set, _ = open_fcs(
        build(data, tot=1, bits=[32], datatype="I", order="3,4,1,2", ranges=[2**32])
    )
    assert data_set.matrix().tolist() == [[float(0x01020304)]]
    assert "byte_order_odd" in [f.code for f in data_set.flags]


def test_decimal_text_of_fixed_width(build: Build) -> None:
    path = build(b" 12 345   7  -1", tot=2, bits=[3, 4], datatype="A", ranges=[1000] * 2)
    with pytest.raises(ParseError, match="expected 14 bytes"):
        matrix(build(b" 12 345", tot=2, bits=[3, 4], datatype="A", name="b.fcs"))
    path = build(b" 12 345  7  -1", tot=2, bits=[3, 4], datatype="A", ranges=[1000] * 2)
    assert matrix(path).tolist() == [[12, 345], [7, -1]]


def test_decimal_text_in_free_format(build: Build) -> None:
    path = build(b"1, 22 333\r\n4 ", tot=2, bits=["*", "*"], datatype="A", ranges=[1000] * 2)
    assert matrix(path).tolist() == [[1, 22], [333, 4]]


def test_text_that_is_no_number_is_refused(build: Build) -> None:
    path = build(b"12x345", tot=1, bits=[3, 3], datatype="A", ranges=[1000] * 2)
    with pytest.raises(ParseError, match="expected decimal numbers"):
        matrix(path)


def test_each_parameter_of_fcs_3_2_may_have_its_own_type(build: Build) -> None:
    data = struct.pack("<HfdHfd", 9, 1.5, 0.1, 10, -2.5, 1e9)
    extra = {"$P2DATATYPE": "F", "$P3DATATYPE": "D"}
    path = build(
        data, tot=2, bits=[16, 32, 64], datatype="I", extra=extra, version="FCS3.2",
        ranges=[65536, 262144, 2**31],
    )  # fmt: skip
    assert matrix(path).tolist() == [[9, 1.5, 0.1], [10, -2.5, 1e9]]


def test_integers_of_32_bits_keep_every_digit(build: Build) -> None:
    data = struct.pack("<2I", 2**32 - 1, 2**24 + 1)
    read = matrix(build(data, tot=2, bits=[32], datatype="I", ranges=[2**32]))
    assert read.dtype == np.float64
    assert read.tolist() == [[2**32 - 1], [2**24 + 1]]


def test_columns_are_read_in_the_order_asked_for(build: Build) -> None:
    data = struct.pack("<3H3H", 1, 2, 3, 4, 5, 6)
    path = build(data, tot=2, bits=[16] * 3, datatype="I", ranges=[1024] * 3)
    assert matrix(path, [2, 0]).tolist() == [[3, 1], [6, 4]]


def test_a_large_file_is_mapped_and_equal_to_what_was_written(tmp_path: Path) -> None:
    from labproc.formats.fcs.write import write_fcs
    from labproc.model import Channel

    values = np.arange(9_000_000, dtype=np.float32).reshape(-1, 9)
    write_fcs(tmp_path / "big.fcs", values, [Channel(f"C{i}") for i in range(9)])
    read = matrix(tmp_path / "big.fcs")
    assert np.array_equal(read, values)
    assert not read.flags.writeable


@pytest.mark.parametrize("n_events", [1, 40_000, 60_000, 110_000, 160_000])  # to 2, 4 and 6 MB
def test_a_tube_holds_each_channel_in_one_piece_whatever_its_size(
    tmp_path: Path, n_events: int
) -> None:
    from labproc.formats.fcs.write import write_fcs
    from labproc.model import Channel

    values = np.arange(n_events * 10, dtype=np.float32).reshape(-1, 10)
    write_fcs(tmp_path / "tube.fcs", values, [Channel(f"C{i}") for i in range(10)])
    read = matrix(tmp_path / "tube.fcs")
    assert np.array_equal(read, values)
    assert read.dtype == np.float32
    assert read.flags.f_contiguous


def test_free_format_goes_on_over_the_edge_of_a_block(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labproc.formats.fcs.decode.BLOCK_BYTES", 5)
    path = build(b"1234 56789 0,42", tot=2, bits=["*", "*"], datatype="A", ranges=[10**6] * 2)
    assert matrix(path).tolist() == [[1234, 56789], [0, 42]]


def test_free_format_with_too_few_numbers_is_refused(build: Build) -> None:
    with pytest.raises(ParseError, match="DATA ended while it was read"):
        matrix(build(b"1 2 3      ", tot=2, bits=["*", "*"], datatype="A", ranges=[10] * 2))
