"""A backup holds everything once, says when it is damaged, and comes back as it was."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from labproc import store as stores
from labproc.errors import StoreError
from labproc.store import Store, observation_history
from labproc.store.backup import backup, check_backup, load_snapshot, restore
from tests.store.make_example import fill


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    (folder / "raw" / "day 1").mkdir(parents=True)
    (folder / "results" / "staged" / "ab").mkdir(parents=True)
    (folder / "study.toml").write_text("", encoding="utf-8")
    (folder / "raw" / "day 1" / "a.fcs").write_bytes(b"events" * 100)
    (folder / "results" / "staged" / "ab" / "x").write_bytes(b"events" * 100)
    os.utime(folder / "raw" / "day 1" / "a.fcs", ns=(5, 1_700_000_000_000_000_000))
    return folder


@pytest.fixture
def opened(url: str | Path, study: Path) -> Iterator[Store]:
    where = study / "results" / "labproc.sqlite" if isinstance(url, Path) else url
    with Store.open(where) as store:
        fill(store)
        yield store


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        p.relative_to(folder).as_posix(): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in folder.rglob("*")
        if p.is_file() and "sqlite" not in p.name
    }


def test_what_comes_back_is_what_was_there(opened: Store, study: Path, tmp_path: Path) -> None:
    backup(opened, study, tmp_path / "kept")
    restore(tmp_path / "kept", tmp_path / "again")
    assert contents(tmp_path / "again") == contents(study)
    with Store.open(tmp_path / "again" / "results" / "labproc.sqlite") as store:
        assert store.verify_audit() == []
        assert store.audit_rows() == opened.audit_rows()
        assert observation_history(store) == observation_history(opened)
        assert store.table("measurements") == opened.table("measurements")
        assert stores.current_gates(store) == stores.current_gates(opened)


def test_content_is_kept_once_and_a_second_backup_adds_what_is_new(
    opened: Store, study: Path, tmp_path: Path
) -> None:
    def pieces() -> set[Path]:
        return {p for p in (tmp_path / "kept" / "content").rglob("*") if p.is_file()}

    backup(opened, study, tmp_path / "kept")
    first = pieces()
    assert len(first) == 3  # study.toml, events (in raw and staged), the store
    (study / "raw" / "b.fcs").write_bytes(b"more")
    backup(opened, study, tmp_path / "kept")
    assert len(pieces() - first) <= 2  # the file; the store's pages may be laid out anew
    assert check_backup(tmp_path / "kept") == []


@pytest.mark.parametrize("damage", ["flipped", "missing"])
def test_damage_is_found_and_nothing_is_restored_from_it(
    opened: Store, study: Path, tmp_path: Path, damage: str
) -> None:
    kept = backup(opened, study, tmp_path / "kept")
    raw = next(k for k in kept if k.path == "raw/day 1/a.fcs")
    piece = tmp_path / "kept" / "content" / raw.sha256[:2] / raw.sha256
    piece.unlink() if damage == "missing" else piece.write_bytes(b"Events" * 100)
    assert len(check_backup(tmp_path / "kept")) == 1
    with pytest.raises(StoreError, match=f"its content {raw.sha256[:12]}"):
        restore(tmp_path / "kept", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_nothing_is_restored_over_a_study(opened: Store, study: Path, tmp_path: Path) -> None:
    backup(opened, study, tmp_path / "kept")
    with pytest.raises(StoreError, match="not empty"):
        restore(tmp_path / "kept", study)


def test_a_backup_within_its_study_or_over_other_files_is_refused(
    opened: Store, study: Path, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="within the study"):
        backup(opened, study, study / "backup")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").write_bytes(b"x")
    with pytest.raises(StoreError, match="holds other files"):
        backup(opened, study, tmp_path / "full")


def test_a_manifest_that_leads_out_of_the_study_is_refused(
    opened: Store, study: Path, tmp_path: Path
) -> None:
    backup(opened, study, tmp_path / "kept")
    manifest = tmp_path / "kept" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("raw/day 1/a.fcs", "../a.fcs"))
    with pytest.raises(StoreError, match="leads out of the study"):
        restore(tmp_path / "kept", tmp_path / "again")


def test_a_folder_without_a_backup_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no manifest\.json, expected a backup"):
        restore(tmp_path, tmp_path / "again")


def test_a_backup_fills_a_server(
    opened: Store, study: Path, tmp_path: Path, other_url: str
) -> None:
    backup(opened, study, tmp_path / "kept")
    with Store.open(other_url) as server:
        load_snapshot(tmp_path / "kept", server)
        assert server.audit_rows() == opened.audit_rows()
        stores.decide(server, "s", "rejected", who="ann", reason="clog")
        assert server.verify_audit() == []
        with pytest.raises(StoreError, match="holds results"):
            load_snapshot(tmp_path / "kept", server)
