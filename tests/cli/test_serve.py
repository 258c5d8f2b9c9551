"""``labproc serve`` lets nobody in without a login, and no other computer without users."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from labproc.cli._serving import is_loopback
from labproc.cli.serve import _app, allowed_hosts, command
from labproc.errors import SettingsError
from labproc.simulate import Design, write_study
from labproc.store import Store
from labproc.store.users import add_user
from labproc.study import load_study

TINY = Design(donors=1, days=(0, 2), panels=("car",), n_events=500, with_qpcr=False,
              with_patient=False)  # fmt: skip
HOST = {"Host": "127.0.0.1:8050"}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    write_study(tmp_path / "study", TINY)
    return tmp_path / "study"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "127.0.0.1"])
def test_a_study_without_users_is_not_served(study: Path, host: str) -> None:
    result = CliRunner().invoke(command, [str(study), "--host", host])
    assert isinstance(result.exception, SettingsError)
    assert "found no users" in str(result.exception)


def test_a_user_of_the_study_logs_in(study: Path) -> None:
    with Store.open(load_study(study).store_url) as store:
        add_user(store, "ada", "a long enough password", "reviewer", who="test")
    with ExitStack() as stores:
        app = _app(study, "127.0.0.1", 8050, ("127.0.0.1",), False, stores)
        client = app.server.test_client()
        assert client.get("/", headers=HOST).status_code == 302
        wrong = client.post("/login", data={"name": "ada", "password": "x"}, headers=HOST)
        assert wrong.status_code == 401
        form = {"name": "ada", "password": "a long enough password"}
        assert client.post("/login", data=form, headers=HOST).status_code == 303
        assert client.get("/", headers=HOST).status_code == 200
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 421


def test_which_addresses_only_this_computer_reaches() -> None:
    assert is_loopback("::1")
    assert not is_loopback("192.0.2.7")
    assert not is_loopback("lab.example")
    assert "127.0.0.1" in allowed_hosts("192.0.2.7", ())
    assert "0.0.0.0" not in allowed_hosts("0.0.0.0", ())
