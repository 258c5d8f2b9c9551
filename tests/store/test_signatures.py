"""What is signed is locked, bound to what was signed, and said by whom."""

import pytest

from labproc import store as stores
from labproc.errors import StoreError
from labproc.store import ResultKey, Store, save_result, set_current
from labproc.store.signatures import changed_since_signed, sign, signature_history, withdraw

FILE = "ab" * 32


@pytest.fixture
def done(store: Store) -> Store:
    save_result(store, ResultKey(FILE, "1", "p"), path="a.fcs", kind="fcs", payload=b"x")
    return store


def test_a_signed_result_is_locked_until_it_is_withdrawn(done: Store) -> None:
    sign(done, FILE, "performed", who="ann")
    with pytest.raises(StoreError, match=r"a\.fcs: performed and signed by ann"):
        stores.save_gate(done, FILE, "CAR+", [[1.0]], who="bob", reason="tail", subject="a.fcs")
    withdraw(done, FILE, who="ann", reason="clog seen later")
    assert stores.save_gate(done, FILE, "CAR+", [[1.0]], who="bob", reason="tail") == 1
    assert [s.meaning for s in signature_history(done)] == ["performed", "withdrawn"]


def test_two_persons_sign_where_two_are_asked_for(done: Store) -> None:
    sign(done, FILE, "performed", who="ann", two_persons=True)
    with pytest.raises(StoreError, match="ann has signed before, expected a second person"):
        sign(done, FILE, "reviewed", who="ann", two_persons=True)
    sign(done, FILE, "reviewed", who="bob", two_persons=True)
    with pytest.raises(StoreError, match="already reviewed by bob"):
        sign(done, FILE, "performed", who="cem")


def test_a_signature_is_bound_to_what_was_signed(done: Store) -> None:
    sign(done, FILE, "approved", who="ann")
    assert changed_since_signed(done) == []
    newer = ResultKey(FILE, "2", "p")
    save_result(done, newer, path="a.fcs", kind="fcs", payload=b"y")
    set_current(done, [newer])
    assert [s.who for s in changed_since_signed(done)] == ["ann"]


@pytest.mark.parametrize(
    ("sha256", "meaning", "message"),
    [(FILE, "aproved", "did you mean 'approved'"), ("cd", "approved", "no result to sign")],
)
def test_what_cannot_be_signed_is_said(
    done: Store, sha256: str, meaning: str, message: str
) -> None:
    with pytest.raises(StoreError, match=message):
        sign(done, sha256, meaning, who="ann")


def test_a_withdrawal_needs_a_reason_and_a_signature(done: Store) -> None:
    with pytest.raises(StoreError, match="no reason given"):
        withdraw(done, FILE, who="ann", reason="")
    with pytest.raises(StoreError, match="not signed"):
        withdraw(done, FILE, who="ann", reason="x")


def test_signatures_stand_in_the_audit(done: Store) -> None:
    one = sign(done, FILE, "approved", who="ann", reason="checked")
    last = done.audit_rows()[-1]
    assert (last["who"], last["action"], last["new"]) == (
        "ann",
        "signed approved",
        one.content_sha256,
    )
    assert done.verify_audit() == []
