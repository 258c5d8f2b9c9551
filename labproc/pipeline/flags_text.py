"""Flags as one cell of a table."""

import json
from collections.abc import Iterable

from labproc.model import Flag


def flags_text(flags: Iterable[Flag]) -> str:
    """Return flags as JSON, so that a table's cell holds codes, severities and messages."""
    rows = [f.as_dict() for f in dict.fromkeys(flags)]
    return json.dumps(rows, ensure_ascii=False) if rows else ""
