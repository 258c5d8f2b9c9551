"""Signatures on a study's results: who may sign as what, asked for by password each time."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from labproc.errors import SettingsError, StoreError, UnknownName
from labproc.pipeline.results import SignatureView
from labproc.registry import nearest
from labproc.store import Store, current_results, observation_history
from labproc.store.signatures import (
    MEANINGS,
    Signature,
    SignatureState,
    sign_each,
    signature_states,
    standing_by_file,
    withdraw_each,
)
from labproc.store.users import User, UserRole, list_users, log_in
from labproc.study import load_study
from labproc.wording import with_article

NEEDED = dict.fromkeys(MEANINGS, UserRole.REVIEWER) | {"performed": UserRole.ANALYST}
SHORTEST = 8  # digits of a SHA-256 that may stand for a file


def sign_files(
    folder: Path,
    files: Sequence[str],
    meaning: str,
    *,
    who: str,
    password: str | None = None,
    reason: str = "",
) -> list[SignatureView]:
    """Sign the current results of files, all or none.

    Parameters
    ----------
    folder : Path
        The study.
    files : sequence of str
        SHA-256 of each file; without any, every file of the study that does not bear the meaning
        or a later one.
    meaning : str
        ``performed`` (an analyst or a reviewer), ``reviewed`` or ``approved`` (a reviewer).
    who : str
        The user who signs.
    password : str, optional
        Theirs, for a signature needs both each time. None where the caller has asked for it and
        for the role: the dashboard does.

    Raises
    ------
    SettingsError
        If name and password do not fit, or the role is not enough.
    StoreError
        If a file cannot be signed, see ``labproc.store.signatures.sign``.
    """
    study = load_study(folder)
    with Store.open(study.store_url) as store:
        if meaning not in MEANINGS:
            raise UnknownName(
                f"signature: meaning is {meaning!r}; {nearest(meaning, list(MEANINGS))}"
            )
        if password is not None:
            person = _signer(store, who, password)
            _need_role(person, NEEDED[meaning], f"sign as {meaning}")
        chosen = files or _unsigned(store, meaning)
        if not chosen:
            raise StoreError(f"{study.folder.name}: nothing left to be signed as {meaning}")
        done = sign_each(
            store,
            _named(store, chosen),
            meaning,
            who=who,
            reason=reason,
            two_persons=study.settings.signatures.two_persons,
        )
        return _views_of(store, done)


def withdraw_files(
    folder: Path, files: Sequence[str], *, who: str, reason: str, password: str | None = None
) -> list[SignatureView]:
    """Take the signatures of files back, all or none: a reviewer's, or of those who signed.

    Without files those of the whole study are taken back; ``password`` as in ``sign_files``.

    Raises
    ------
    SettingsError
        If name and password do not fit, or somebody else signed and the role is not enough.
    StoreError
        If a file is not signed, or no reason is given.
    """
    with Store.open(load_study(folder).store_url) as store:
        chosen = files or list(standing_by_file(store))
        if not chosen:
            raise StoreError(f"{folder.name}: not signed, expected a signature to withdraw")
        if password is not None:
            person = _signer(store, who, password)
            standing = standing_by_file(store)
            signers = {one.who for sha256 in chosen for one in standing.get(sha256, ())}
            if signers != {person.name}:
                _need_role(person, UserRole.REVIEWER, "withdraw what somebody else signed")
        done = withdraw_each(store, _named(store, chosen), who=who, reason=reason)
        return _views_of(store, done)


def study_signatures(folder: Path) -> tuple[SignatureView, ...]:
    """Return every signature of a study, oldest first, with what it is worth now."""
    with Store.open(load_study(folder).store_url) as store:
        return signature_views(store)


def signature_views(store: Store) -> tuple[SignatureView, ...]:
    """Return every signature in a store as it is shown."""
    paths = _paths(store)
    return tuple(_view(one, state, paths) for one, state in signature_states(store))


def files_with_results(folder: Path) -> dict[str, str]:
    """Return path -> SHA-256 of the files that have a result of now."""
    with Store.open(load_study(folder).store_url) as store:
        return {path: sha256 for sha256, path in _done(store).items()}


def file_named(known: Mapping[str, str], name: str) -> str:
    """Return the SHA-256 of the file that a person names: its path, its name, or its hash.

    Raises
    ------
    UnknownName
        If no file with a result is called so, or several are.
    """
    wanted = name.replace("\\", "/").removeprefix("raw/")
    found = {
        sha256
        for path, sha256 in known.items()
        if wanted in (path, path.rpartition("/")[2])
        or (len(wanted) >= SHORTEST and sha256.startswith(wanted))
    }
    if len(found) > 1:
        paths = ", ".join(sorted(p for p, s in known.items() if s in found))
        raise UnknownName(f"{name}: several files are called so ({paths}), expected a path")
    if not found:
        raise UnknownName(f"{name}: no file with a result, expected one that labproc status lists")
    return found.pop()


def _done(store: Store) -> dict[str, str]:
    found = current_results(store, payloads=False)
    return {r.key.sha256: r.path for r in found if r.status == "done"}


def _unsigned(store: Store, meaning: str) -> list[str]:
    """Return the files whose results bear neither this meaning nor a later one."""
    rank = MEANINGS.index(meaning)
    covering = [one for one, state in signature_states(store) if state is SignatureState.COVERS]
    signed = {one.sha256 for one in covering if MEANINGS.index(one.meaning) >= rank}
    return [sha256 for sha256 in _done(store) if sha256 not in signed]


def _signer(store: Store, who: str, password: str) -> User:
    """Return who signs, if the password is theirs."""
    if not any(user.is_active for user in list_users(store)):
        raise SettingsError(
            "signature: the study has no users, expected the one who signs; add one with "
            "labproc user add"
        )
    person = log_in(store, who, password)
    if person is None:
        raise SettingsError(
            f"signature: name {who!r} and password do not fit, expected those of a user; after "
            "five wrong ones an account waits a minute"
        )
    return person


def _need_role(person: User, needed: UserRole, what: str) -> None:
    if not person.role.may(needed):
        found, expected = person.role.value, with_article(needed.value)
        raise SettingsError(f"signature: {person.name} is {found}, expected {expected} to {what}")


def _named(store: Store, files: Sequence[str]) -> dict[str, str]:
    paths = _paths(store)
    return {sha256: paths.get(sha256, sha256[:16]) for sha256 in files}


def _paths(store: Store) -> dict[str, str]:
    """Return SHA-256 -> path of every result, that of the current one where there are several."""
    found = {one.sha256: one.path for one in observation_history(store)}
    return found | {r.key.sha256: r.path for r in current_results(store, payloads=False)}


def _views_of(store: Store, done: Sequence[Signature]) -> list[SignatureView]:
    paths, states = _paths(store), dict(signature_states(store))
    return [_view(one, states[one], paths) for one in done]


def _view(one: Signature, state: str, paths: Mapping[str, str]) -> SignatureView:
    path = paths.get(one.sha256, one.sha256[:16])
    return SignatureView(
        path, one.sha256, one.meaning, one.who, one.reason, one.signed_at, str(state)
    )
