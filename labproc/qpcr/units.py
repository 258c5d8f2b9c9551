"""The unit that a file states for its quantities, held against the one that was declared."""

import re

from labproc.model import Flag, QpcrRun, Task
from labproc.model.flag import review
from labproc.qpcr.results import TargetFit
from labproc.qpcr.rules import COPIES_PER_UL, COPIES_PER_WELL, NANOGRAMS, QpcrRules

PER_WELL = frozenset({COPIES_PER_WELL})
PER_UL = frozenset({COPIES_PER_UL})
NONE: frozenset[str] = frozenset()
_STATED = (
    (r"cop(y|ies)?|copynumber|copies/?rxn", PER_WELL | PER_UL),
    (r"cop(y|ies)?/(well|reaction|rxn)", PER_WELL),
    (r"cop(y|ies)?/[uµμ]l", PER_UL),
    (r"ng", frozenset({NANOGRAMS})),
    (r"[fpnuµμ]?g(/[mnuµμ]?l|/well)?|[fpn]mol(/.*)?|[fpnuµμ]?m|iu(/.*)?|dil(ution)?|fold|%", NONE),
)
"""What a file may write, and the declared units that agree with it."""


def unit_differs(fit: TargetFit, run: QpcrRun, rules: QpcrRules) -> list[Flag]:
    """Flag standards whose heading states another unit than the one declared.

    A unit that no rule knows, such as ng/µL, never agrees; a heading without a unit says nothing.
    """
    stated, declared = run.details.get("quantity_unit", ""), rules.unit_of(fit.target)
    word = re.sub(r"\s+", "", stated).casefold()
    agree = next((units for form, units in _STATED if re.fullmatch(form, word)), None)
    has_standards = any(w.task is Task.STANDARD and w.quantity for w in fit.wells)
    if agree is None or declared is None or declared in agree or not has_standards:
        return []
    text = (
        f"{fit.target}: the file states its quantities in {stated!r} and they are read as "
        f"{declared}; copies are wrong by that factor, say the right unit"
    )
    return [review("quantity_unit_differs", text)]
