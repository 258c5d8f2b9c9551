"""The reference pages say what the program says."""

from pathlib import Path

import pytest

from labproc.cli._reference import commands_page, formats_page

DOCS = Path(__file__).resolve().parents[2] / "docs/reference"


@pytest.mark.parametrize(
    ("name", "page"), [("commands.md", commands_page), ("formats.md", formats_page)]
)
def test_the_page_is_as_the_code_has_it(name: str, page: object) -> None:
    assert callable(page)
    assert (DOCS / name).read_text(encoding="utf-8") == page(), "run `make docs`"
