"""FCS files built byte by byte, independently of labproc's own writer."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

Build = Callable[..., Path]


def fcs_bytes(
    data: bytes,
    *,
    tot: int | None,
    bits: Sequence[int | str],
    datatype: str = "F",
    order: str = "1,2,3,4",
    ranges: Sequence[int | str] | None = None,
    extra: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    version: str = "FCS3.0",
    mark: str = "/",
    gap: bytes = b"",
    tail: bytes = b"",
    header_data: tuple[int, int] | None = None,
    text_data: tuple[int, int] | None = None,
) -> bytes:
    """Return a file; ``header_data`` and ``text_data`` are added to the true begin and end."""
    pairs = [("$PAR", str(len(bits))), ("$DATATYPE", datatype), ("$BYTEORD", order)]
    pairs += [("$MODE", "L"), ("$NEXTDATA", "0")]
    pairs += [("$TOT", str(tot))] if tot is not None else []
    for i, width in enumerate(bits, start=1):
        largest = ranges[i - 1] if ranges else 262144
        pairs += [(f"$P{i}N", f"C{i}"), (f"$P{i}B", str(width)), (f"$P{i}R", str(largest))]
        pairs += [(f"$P{i}E", "0,0")]
    over = list(extra.items()) if isinstance(extra, Mapping) else list(extra)
    replaced = {k for k, _ in over} if isinstance(extra, Mapping) else set()
    pairs = [p for p in pairs if p[0] not in replaced] + over

    def text(begin: int, end: int) -> bytes:
        words = [("$BEGINDATA", f"{begin:08d}"), ("$ENDDATA", f"{end:08d}"), *pairs]
        return (mark + "".join(f"{k}{mark}{v}{mark}" for k, v in words)).encode("latin-1")

    size = len(text(0, 0))
    begin = 58 + size + len(gap)
    end = begin + len(data) - 1
    in_text = text_data or (0, 0)
    in_header = header_data or (0, 0)
    head = f"{version}    {58:8d}{58 + size - 1:8d}"
    head += f"{max(begin + in_header[0], 0):8d}{max(end + in_header[1], 0):8d}{0:8d}{0:8d}"
    body = text(begin + in_text[0], end + in_text[1])
    return head.encode() + body + gap + data + tail


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return a function that writes such a file and gives its path."""

    def write(data: bytes, *, name: str = "a.fcs", **settings: object) -> Path:
        path = tmp_path / name
        path.write_bytes(fcs_bytes(data, **settings))  # type: ignore[arg-type]
        return path

    return write


@pytest.fixture
def floats() -> np.ndarray:
    """Three events of two channels, exact in float32."""
    return np.array([[1.5, 200.0], [-3.25, 70000.0], [0.0, 262143.0]], dtype="<f4")
