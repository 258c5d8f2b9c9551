"""Names and texts from instruments and people, made safe for files, XML and spreadsheets."""

import json
import re

LONGEST_NAME = 120
RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)  # names Windows keeps


def file_name(text: str, *, default: str = "unnamed") -> str:
    """Return a name for a file that stays in its folder on every system.

    Examples
    --------
    >>> file_name("D1 C+Len/d07")
    'D1_C+Len_d07'
    >>> file_name("../../etc/passwd")
    'etc_passwd'
    """
    kept = "".join(c if c.isalnum() or c in "+-_." else "_" for c in text)
    name = re.sub(r"_+", "_", kept).strip("._")[:LONGEST_NAME] or default
    return f"{name}_" if RESERVED.match(name.split(".")[0]) else name


def distinct(names: list[str]) -> list[str]:
    """Return the names with a number behind those that are there already, case aside.

    Examples
    --------
    >>> distinct(["a", "A", "b"])
    ['a', 'A_2', 'b']
    """
    seen: set[str] = set()
    result = []
    for name in names:
        chosen, number = name, 1
        while chosen.casefold() in seen:
            number += 1
            chosen = f"{name}_{number}"
        seen.add(chosen.casefold())
        result.append(chosen)
    return result


def xml_id(text: str) -> str:
    """Return a name that XML accepts as an identifier; a plus reads ``pos``.

    Examples
    --------
    >>> [xml_id(n) for n in ("CD4+CD8+", "CD4-CD8-", "T cells", "7-AAD")]
    ['CD4pos_CD8pos', 'CD4-CD8-', 'T_cells', '_7-AAD']
    """
    words = re.sub(r"\+(?=\w)", "pos_", text).replace("+", "pos")
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in words)
    return kept if kept[:1].isalpha() else f"_{kept}"


def xml_text(text: str) -> str:
    """Return the text without the characters that XML 1.0 has no way to write."""
    return "".join(c if _is_xml(ord(c)) else "�" for c in text)


def _is_xml(code: int) -> bool:
    return (
        code in (0x9, 0xA, 0xD)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )


def flags_in_words(cell: str) -> str:
    """Turn a table's flags (JSON) into lines that a person reads: ``severity code: message``."""
    if not cell:
        return ""
    rows = json.loads(cell)
    return "\n".join(f"{r['severity']} {r['code']}: {r['message']}" for r in rows)
