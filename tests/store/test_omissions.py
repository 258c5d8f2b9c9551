"""Wells taken out and back in are words in a row, each with its reason and its audit row."""

import pytest

from labproc import store as stores
from labproc.errors import StoreError
from labproc.store import ResultKey, Store, save_result
from labproc.store.signatures import sign

PLATE = "cd" * 32


def test_the_last_word_about_a_well_counts_and_all_are_kept(store: Store) -> None:
    stores.omit_wells(store, PLATE, ["A1", "CAR:B2"], who="ann", reason="bubble")
    stores.omit_wells(store, PLATE, ["A1"], who="bob", reason="curve is smooth", omitted=False)
    now = stores.current_omissions(store)[PLATE]
    assert {well: (one.version, one.who, one.reason) for well, one in now.items()} == {
        "CAR:B2": (1, "ann", "bubble")
    }
    told = stores.omission_history(store)[PLATE]["A1"]
    assert (told.version, told.omitted, told.who) == (2, False, "bob")
    verdicts = [d.verdict for d in stores.decision_history(store)]
    assert verdicts == ["omitted A1", "omitted CAR:B2", "restored A1"]
    last = store.audit_rows()[-1]
    assert (last["old"], last["new"]) == ("omitted A1", "restored A1")
    assert store.verify_audit() == []


def test_a_word_about_a_well_is_no_verdict_on_its_file(store: Store) -> None:
    stores.decide(store, PLATE, "approved", who="ann", reason="fine")
    stores.omit_wells(store, PLATE, ["A1"], who="ann", reason="bubble")
    assert stores.current_decisions(store)[PLATE].verdict == "approved"
    stores.decide(store, PLATE, "reopened", who="ann", reason="second thought")
    assert store.audit_rows()[-1]["old"] == "approved"


@pytest.mark.parametrize(
    ("wells", "reason", "omitted", "message"),
    [
        (["A1"], " ", True, "well A1: no reason given"),
        (["B2", "A1"], "again", True, "well A1 is left out already"),
        (["C3"], "why not", False, "well C3 is not left out by a reviewer"),
    ],
)
def test_what_says_nothing_new_is_refused_whole(
    store: Store, wells: list[str], reason: str, omitted: bool, message: str
) -> None:
    stores.omit_wells(store, PLATE, ["A1"], who="ann", reason="bubble")
    with pytest.raises(StoreError, match=message):
        stores.omit_wells(store, PLATE, wells, who="bob", reason=reason, omitted=omitted)
    assert list(stores.current_omissions(store)[PLATE]) == ["A1"]


def test_a_signed_run_keeps_its_wells(store: Store) -> None:
    save_result(store, ResultKey(PLATE, "1", "p"), path="p.xlsx", kind="qpcr", payload=b"x")
    sign(store, PLATE, "approved", who="ann")
    with pytest.raises(StoreError, match="approved and signed by ann"):
        stores.omit_wells(store, PLATE, ["A1"], who="bob", reason="bubble")
    with pytest.raises(StoreError, match="approved and signed by ann"):
        stores.decide(store, PLATE, "rejected", who="bob", reason="drift")
