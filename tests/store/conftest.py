"""The store's tests run on SQLite and on a real PostgreSQL server that they start themselves."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from labproc.store import Store


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    return (found[-1] if found else Path(str(on_path))).parent


def _as() -> dict[str, str]:
    """PostgreSQL refuses to run as root: then it runs as the system's own user for it."""
    if os.getuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": name}
    pytest.skip("PostgreSQL needs a user that is not root, and there is none")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a server in a folder of its own, and give the url of its first database."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (labproc[postgres])")
    binaries, who = _binaries(), _as()
    folder = Path(tempfile.mkdtemp(prefix="labproc-pg-"))
    if who:
        shutil.chown(folder, who["user"])
    data, port = folder / "data", _free_port()

    def call(*words: object) -> None:
        subprocess.run([str(w) for w in words], check=True, capture_output=True, cwd=folder, **who)

    call(binaries / "initdb", "-D", data, "-U", "lab", "--auth=trust", "--no-sync", "-E", "UTF8")
    options = (
        f"-p {port} -c fsync=off -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    )
    log = folder / "log"
    call(binaries / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
    try:
        yield f"postgresql+psycopg://lab@127.0.0.1:{port}/postgres"
    finally:
        call(binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """Give the url of an empty database."""
    return _emptied(postgres)


@pytest.fixture
def other_url(postgres: str) -> str:
    """Give the url of a second empty database."""
    return _emptied(postgres.replace("/postgres", "/template1"))


def _emptied(url: str) -> str:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Give where an empty store is, on either database."""
    if request.param == "sqlite":
        return tmp_path / "labproc.sqlite"
    server: str = request.getfixturevalue("postgres_url")
    return server


@pytest.fixture
def store(url: str | Path) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened
