"""Every reason to doubt a number is listed where a reader looks it up."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reference/flags.md"
SEVERITIES = ("info", "warning", "review", "fail")


def codes_in(tree: ast.AST) -> Iterator[str]:
    """Yield the literal first argument of every call that makes a flag."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        names = {getattr(part, "id", getattr(part, "attr", "")) for part in ast.walk(node.func)}
        first = node.args[0]
        text = first.value if isinstance(first, ast.Constant) else None
        is_flag = not names.isdisjoint((*SEVERITIES, "Flag")) and isinstance(text, str)
        if is_flag and re.fullmatch(r"[a-z][a-z0-9_]+", str(text)):
            yield str(text)


def in_code() -> set[str]:
    """Return every flag code that the code makes."""
    files = [p for room in ("labproc", "gating") for p in (ROOT / room).rglob("*.py")]
    return {code for p in files for code in codes_in(ast.parse(p.read_text(encoding="utf-8")))}


def words_in_code() -> set[str]:
    """Return every string of the code."""
    files = [p for room in ("labproc", "gating") for p in (ROOT / room).rglob("*.py")]
    nodes = (n for p in files for n in ast.walk(ast.parse(p.read_text(encoding="utf-8"))))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def in_docs() -> dict[str, str]:
    """Return code -> severities from the table rows of the page."""
    rows = re.findall(
        r"^\| `?([a-z][a-z0-9_]+)`? \| ([^|]+) \| [^|]+", PAGE.read_text("utf-8"), re.M
    )
    return {code: severity.strip() for code, severity in rows if code != "code"}


def test_every_flag_code_is_in_the_reference() -> None:
    missing = sorted(in_code() - set(in_docs()))
    assert missing == []


def test_the_reference_lists_no_code_that_does_not_exist() -> None:
    gone = sorted(set(in_docs()) - words_in_code())
    assert gone == []


def test_every_code_has_a_severity_that_exists() -> None:
    strange = {
        c: s
        for c, s in in_docs().items()
        if not set(re.split(r"[, /]+(?:or )?", s)) <= set(SEVERITIES)
    }
    assert strange == {}
