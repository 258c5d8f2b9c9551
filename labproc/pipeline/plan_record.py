"""The plan as it was recorded before anyone could look, and what departs from it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from labproc.model import Comparison, Flag, Plan
from labproc.model.flag import info, warning
from labproc.store import AuditEntry, Store

ACTION = "plan recorded"
CHANGED_BY = "whoever edited study.toml"  # a file does not say who wrote it
BEFORE, AFTER = "before any comparison", "after comparisons were known"
SETTLED = ("unit", "control", "window_days", "test", "correction", "level")
"""What a planned comparison may not change once it was seen."""
LABEL = " Exploratory: departs from the plan that was recorded before looking."


def record_plan(plan: Plan | None, store: Store) -> None:
    """Write the plan into the audit trail where it is new, and whether comparisons were known."""
    if plan is None:
        return
    text = _text(plan)
    old = next((row["new"] for row in reversed(_rows(store))), "")
    if old != text:
        known = AFTER if store.table("comparisons") else BEFORE
        who = CHANGED_BY if old else "labproc"
        store.audit(AuditEntry(who, ACTION, "study.toml [plan]", old, text, known))


def first_plan(store: Store) -> Mapping[str, Any] | None:
    """Return the last plan that was recorded before any comparison, None where there is none."""
    early = [row["new"] for row in _rows(store) if row["reason"] == BEFORE]
    return json.loads(early[-1]) if early else None


def _rows(store: Store) -> list[dict[str, Any]]:
    return [row for row in store.audit_rows() if row["action"] == ACTION]


def _text(plan: Plan) -> str:
    return json.dumps(asdict(plan), sort_keys=True, ensure_ascii=False)


def hold_to_plan(
    comparisons: Iterable[Comparison], plan: Plan, first: Mapping[str, Any] | None
) -> tuple[list[Comparison], tuple[Flag, ...]]:
    """Label as exploratory what the plan names only since comparisons were known.

    A changed unit, control, window, test, correction or level makes every comparison exploratory;
    an outcome or arm that was added makes that one so.

    Parameters
    ----------
    comparisons : iterable of Comparison
    plan : Plan
        As ``study.toml`` has it now.
    first : mapping or None
        As it was recorded before; None where nothing was, and nothing is relabelled.
    """
    found = list(comparisons)
    if first is None:
        return found, ()
    now = json.loads(_text(plan))
    changed = [name for name in SETTLED if now[name] != first[name]]
    kept = [_held(one, plan, first, changed) for one in found]
    if kept == found and not changed:
        return found, ()
    said = [f"{name} {_word(first[name])} -> {_word(now[name])}" for name in changed]
    said += _added(plan, first)
    words = f"[plan] was changed {AFTER}: {'; '.join(said)}; what departs from it is exploratory"
    return kept, (warning("plan_changed_after_results", words),)


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_word, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _added(plan: Plan, first: Mapping[str, Any]) -> list[str]:
    outcomes = (first["primary"], *first["secondary"])
    new = [o for o in (plan.primary, *plan.secondary) if o not in outcomes]
    new += [arm for arm in plan.treated if arm not in first["treated"]]
    swapped = [f"primary {first['primary']} -> {plan.primary}"] * (plan.primary != first["primary"])
    return [*swapped, *([f"added {', '.join(new)}"] if new else [])]


def _held(
    one: Comparison, plan: Plan, first: Mapping[str, Any], changed: Sequence[str]
) -> Comparison:
    if not one.planned:
        return one
    is_same_role = one.outcome in first["secondary"] or one.outcome == first["primary"]
    promoted = one.outcome == plan.primary and one.outcome != first["primary"]
    arm = next((a for a in plan.treated if one.contrast.startswith(f"{a} ")), "")
    if is_same_role and not promoted and not changed and arm in first["treated"]:
        return one
    label = info("exploratory", f"{one.outcome}: {LABEL.strip()}")
    return replace(one, planned=False, sentence=f"{one.sentence}{LABEL}", flags=(*one.flags, label))
