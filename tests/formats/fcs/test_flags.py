"""Every doubt that reading FCS can raise is in the reference, under its heading."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MADE = re.compile(r'\b(?:info|warning|review|fail)\(\s*"([a-z_]+)"')


def test_every_code_is_listed_and_every_listed_code_exists() -> None:
    sources = (ROOT / "labproc" / "formats" / "fcs").glob("*.py")
    made = {code for path in sources for code in MADE.findall(path.read_text(encoding="utf-8"))}
    page = (ROOT / "docs" / "reference" / "flags.md").read_text(encoding="utf-8")
    section = page.split("## Reading FCS files")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z_]+)`", section, re.MULTILINE)) == made
