"""plotly's library is packed once for a user, and again where what was kept is not whole."""

import base64
import lzma
import re
from pathlib import Path

import pytest

from dashboards import pack
from labproc.home import cache_folder


@pytest.fixture(autouse=True)
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stand a short library in for plotly's; return the sizes of what is packed."""
    made: list[int] = []
    digits = pack._digits
    monkeypatch.setattr(pack, "_digits", lambda text: made.append(len(text)) or digits(text))
    monkeypatch.setattr("plotly.offline.get_plotlyjs", lambda: "function () {}" * 50)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return made


def bundle() -> str:
    pack.plotly_bundle.cache_clear()
    made = str(pack.plotly_bundle())
    pack.plotly_bundle.cache_clear()
    return made


def test_a_second_process_takes_what_the_first_kept(packs: list[int]) -> None:
    assert bundle() == bundle()
    assert packs == [700]


def test_what_is_kept_is_the_library(packs: list[int]) -> None:
    found = re.search(r">(.+)</script>", bundle())
    assert found
    small = base64.b85decode(found[1].replace(",", "<"))
    text = lzma.decompress(small, format=lzma.FORMAT_RAW, filters=pack.FILTERS)
    assert text.decode() == "function () {}" * 50


@pytest.mark.parametrize("content", [b"", b"abc", "ä".encode("latin-1"), None])
def test_what_is_not_whole_is_packed_again(packs: list[int], content: bytes | None) -> None:
    whole = bundle()
    (kept,) = cache_folder().iterdir()
    kept.write_bytes(kept.read_bytes()[:-1] if content is None else content)
    assert bundle() == whole
    assert packs == [700, 700]


def test_a_home_that_cannot_be_written_to_is_no_error(
    packs: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert bundle().startswith("<script")
