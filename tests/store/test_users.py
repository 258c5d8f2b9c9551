"""Who may log in, and what a wrong password costs."""

import pytest
from argon2 import PasswordHasher

from labproc.errors import StoreError
from labproc.store import Store
from labproc.store.users import (
    UserRole,
    add_user,
    list_users,
    log_in,
    set_active,
    set_password,
    set_role,
)

pytestmark = pytest.mark.usefixtures("quick_hash")
RIGHT, WRONG = "correct horse battery", "wrong horse battery"


@pytest.fixture
def quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little memory: the real cost is a tenth of a second each time."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("labproc.store.users._hasher", lambda: quick)


def test_a_person_logs_in_with_the_right_password_only(store: Store) -> None:
    add_user(store, "ann", RIGHT, "analyst", who="root")
    assert log_in(store, "ann", WRONG) is None
    found = log_in(store, "ann", RIGHT)
    assert found is not None
    assert found.role is UserRole.ANALYST
    assert log_in(store, "eve", RIGHT) is None


def test_the_password_is_kept_as_argon2id_and_nowhere_else(store: Store) -> None:
    add_user(store, "ann", RIGHT, "viewer", who="root")
    with store.reading() as connection:
        kept = connection.exec_driver_sql("SELECT password_hash FROM users").scalar()
    assert str(kept).startswith("$argon2id$")
    assert RIGHT not in str(store.audit_rows())


def test_after_five_wrong_passwords_the_right_one_waits_a_minute(store: Store) -> None:
    add_user(store, "ann", RIGHT, "viewer", who="root")
    for _ in range(5):
        log_in(store, "ann", WRONG, now_ms=1_000_000)
    assert log_in(store, "ann", RIGHT, now_ms=1_059_999) is None
    assert log_in(store, "ann", RIGHT, now_ms=1_060_000) is not None
    assert "user locked out" in {r["action"] for r in store.audit_rows()}


def test_a_clock_set_back_locks_nobody_out_for_longer(store: Store) -> None:
    add_user(store, "ann", RIGHT, "viewer", who="root")
    for _ in range(5):
        log_in(store, "ann", WRONG, now_ms=9_000_000)
    assert log_in(store, "ann", RIGHT, now_ms=1_000_000) is not None


def test_who_has_left_cannot_log_in_and_stays_in_the_record(store: Store) -> None:
    add_user(store, "ann", RIGHT, "viewer", who="root")
    set_active(store, "ann", active=False, who="root", reason="left the lab")
    assert log_in(store, "ann", RIGHT) is None
    assert [(u.name, u.is_active) for u in list_users(store)] == [("ann", False)]


def test_a_new_password_ends_the_old_one(store: Store) -> None:
    add_user(store, "ann", RIGHT, "viewer", who="root")
    set_password(store, "ann", "another long password", who="ann")
    assert log_in(store, "ann", RIGHT) is None
    assert log_in(store, "ann", "another long password") is not None


def test_changes_of_users_stand_in_the_audit_with_who_and_why(store: Store) -> None:
    add_user(store, "ann", RIGHT, "viewer", who="root")
    set_role(store, "ann", "reviewer", who="root", reason="trained")
    last = store.audit_rows()[-1]
    assert [last[k] for k in ("who", "action", "subject", "old", "new", "reason")] == [
        "root", "role changed", "ann", "viewer", "reviewer", "trained",
    ]  # fmt: skip
    assert store.verify_audit() == []


@pytest.mark.parametrize(
    ("name", "password", "role", "message"),
    [
        ("ann", "short", "viewer", "a password of 5 letters, expected 12"),
        (" ", RIGHT, "viewer", "no name given"),
        ("ann", RIGHT, "viewr", "role is 'viewr'; did you mean 'viewer'"),
        ("bob", RIGHT, "viewer", "'bob': is there already"),
    ],
)
def test_a_wrong_user_is_refused(
    store: Store, name: str, password: str, role: str, message: str
) -> None:
    add_user(store, "bob", RIGHT, "viewer", who="root")
    with pytest.raises(StoreError, match=message):
        add_user(store, name, password, role, who="root")


def test_a_reviewer_may_what_an_analyst_may_and_not_the_other_way() -> None:
    assert UserRole.REVIEWER.may(UserRole.ANALYST)
    assert not UserRole.VIEWER.may(UserRole.ANALYST)
