"""Login: every route asks, cookies are strict, passwords are not guessed quickly."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboards.guard import guard
from dashboards.login import TRIES, Accounts, protect, secret_key
from dashboards.people import NotAllowed, Person, require

HOST = {"Host": "localhost:8050"}
KNOWN = {"ada": ("right", "reviewer"), "vic": ("look", "viewer")}


@pytest.fixture
def client() -> FlaskClient:
    server = Flask("lab")

    @server.route("/")
    def home() -> str:
        return "home"

    @server.route("/_dash-update-component", methods=["POST"])
    def callback() -> tuple[str, int]:
        try:
            return require("reviewer").name, 200
        except NotAllowed as error:
            return str(error), 403

    def find(name: str) -> Person | None:
        return Person(name, KNOWN[name][1]) if name in KNOWN else None

    def check(name: str, password: str) -> Person | None:
        return find(name) if name in KNOWN and KNOWN[name][0] == password else None

    guard(server, hosts=("localhost",))
    protect(server, Accounts(check, find), secret=b"k" * 32, name="labproc-8050", https=False)
    return server.test_client()


def log_in(client: FlaskClient, name: str, password: str):
    return client.post("/login", data={"name": name, "password": password}, headers=HOST)


def act(client: FlaskClient):
    return client.post("/_dash-update-component", json={}, headers=HOST)


def test_every_route_asks_for_a_login(client: FlaskClient) -> None:
    assert client.get("/", headers=HOST).status_code == 302
    assert client.get("/_dash-layout", headers=HOST).status_code == 401
    assert client.get("/assets/app.css", headers=HOST).status_code == 302
    assert act(client).status_code == 401


def test_a_right_password_opens_and_logging_out_closes(client: FlaskClient) -> None:
    assert log_in(client, "ada", "right").status_code == 303
    assert act(client).data == b"ada"
    client.post("/logout", headers=HOST)
    assert act(client).status_code == 401


def test_the_role_is_asked_of_every_request(client: FlaskClient) -> None:
    log_in(client, "vic", "look")
    assert act(client).status_code == 403


def test_a_removed_user_is_out_at_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(client, "ada", "right")
    monkeypatch.delitem(KNOWN, "ada")
    assert act(client).status_code == 401


def test_the_cookie_is_strict_and_hidden_from_scripts(client: FlaskClient) -> None:
    cookie = log_in(client, "ada", "right").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_a_wrong_password_says_no_more_than_that(client: FlaskClient) -> None:
    known, unknown = log_in(client, "ada", "wrong"), log_in(client, "nobody", "wrong")
    assert known.status_code == unknown.status_code == 401
    assert known.data == unknown.data


def test_passwords_are_not_guessed_quickly(client: FlaskClient) -> None:
    codes = [log_in(client, "ada", f"wrong{i}").status_code for i in range(TRIES + 1)]
    assert codes == [401] * TRIES + [429]
    assert log_in(client, "ada", "right").status_code == 429


def test_the_login_of_another_site_is_refused(client: FlaskClient) -> None:
    headers = {**HOST, "Origin": "http://evil.example"}
    answer = client.post("/login", data={"name": "ada", "password": "right"}, headers=headers)
    assert answer.status_code == 403


def test_the_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert secret_key(path) == secret_key(path)
    assert path.stat().st_mode & 0o077 == 0
