"""The rules of the web on the app as ``labproc serve`` puts it together: login, guard, roles."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from labproc.cli.serve import _app
from labproc.exchange._flowjo_table import find_table
from labproc.store import Store
from labproc.store.users import add_user, set_active, set_role
from labproc.study import load_study

WORD = "a long enough password"
HOST = {"Host": "lab.example"}
READS = (
    "/",
    "/_dash-layout",
    "/_dash-dependencies",
    "/_favicon.ico",
    "/assets/app.css",
    "/nothing",
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text('[study]\ntitle = "Web"\n', encoding="utf-8")
    (tmp_path / "raw").mkdir()
    with Store.open(load_study(tmp_path).store_url) as store:
        for name, role in {"vic": "viewer", "cem": "analyst", "ann": "reviewer"}.items():
            add_user(store, name, WORD, role, who="test")
    return tmp_path


@pytest.fixture
def served(study: Path) -> Iterator[Any]:
    with ExitStack() as stores:
        yield _app(study, "127.0.0.1", 8050, ("lab.example",), True, stores).server


@pytest.fixture
def client(served: Any) -> FlaskClient:
    return served.test_client()  # type: ignore[no-any-return]


def log_in(client: FlaskClient, name: str) -> Any:
    form = {"name": name, "password": WORD}
    # the proxy in front speaks HTTPS: a Secure cookie is kept for https only
    return client.post("/login", data=form, headers=HOST, base_url="https://lab.example")


def ask(client: FlaskClient, path: str = "/", **more: Any) -> Any:
    return client.get(path, headers={**HOST, **more}, base_url="https://lab.example")


def call(client: FlaskClient, output: str, trigger: str, **values: Any) -> Any:
    """Send what a browser sends for a callback; the values are whatever a forger likes."""
    every = json.loads(ask(client, "/_dash-dependencies").data)
    found = next(
        d
        for d in every
        if output in d["output"] and trigger in {f"{i['id']}.{i['property']}" for i in d["inputs"]}
    )
    names = [part.rsplit(".", 1) for part in found["output"].strip(".").split("...")]

    def filled(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**p, "value": values.get(str(p["id"]).replace("-", "_"))} for p in places]

    body = {
        "output": found["output"],
        "outputs": [{"id": i, "property": p} for i, p in names],
        "inputs": filled(found["inputs"]),
        "state": filled(found["state"]),
        "changedPropIds": [trigger],
    }
    return client.post(
        "/_dash-update-component", json=body, headers=HOST, base_url="https://lab.example"
    )


@pytest.mark.parametrize("path", READS)
def test_nothing_is_shown_without_a_login(client: FlaskClient, path: str) -> None:
    answer = ask(client, path)
    assert answer.status_code in (302, 401)
    assert answer.headers.get("Location", "/login") == "/login"
    assert b"Web" not in answer.data


def test_no_callback_is_answered_without_a_login(client: FlaskClient) -> None:
    answer = client.post(
        "/_dash-update-component", json={}, headers=HOST, base_url="https://lab.example"
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("path", READS)
def test_a_foreign_host_is_told_nothing(client: FlaskClient, path: str) -> None:
    log_in(client, "ann")
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Length": str(17 << 20), "Content-Type": "application/json"}, 413),
    ],
)
def test_what_is_refused_of_a_person_who_is_logged_in(
    client: FlaskClient, more: dict[str, str], code: int
) -> None:
    log_in(client, "ann")
    size = more.pop("Content-Length", None)
    large = {"CONTENT_LENGTH": size} if size else {}
    headers = {**HOST, "Content-Type": "application/json", **more}
    answer = client.post(
        "/_dash-update-component", data=b"{}", headers=headers, base_url="https://lab.example",
        environ_overrides=large,
    )  # fmt: skip
    assert answer.status_code == code


def test_the_cookie_behind_a_proxy(client: FlaskClient) -> None:
    cookie = log_in(client, "ann").headers["Set-Cookie"]
    for word in ("Secure", "HttpOnly", "SameSite=Strict", "Expires="):
        assert word in cookie
    assert "ann" not in cookie.split(";")[0]  # signed and packed, not plain


def test_a_forged_cookie_opens_nothing(client: FlaskClient) -> None:
    cookie = log_in(client, "vic").headers["Set-Cookie"].split(";")[0]
    name, value = cookie.split("=", 1)
    client.set_cookie(name, value[:-3] + "AAA", domain="lab.example")
    assert ask(client).status_code == 302


def test_the_key_that_signs_cookies_is_its_owners(served: Any, study: Path) -> None:
    key = study / "results" / ".dashboard-key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert served.secret_key == key.read_bytes()
    assert len(served.secret_key) == 32


@pytest.mark.parametrize(
    ("name", "button", "needed"),
    [("vic", "gates-save", "analyst"), ("vic", "gates-accept", "reviewer"),
     ("cem", "gates-accept", "reviewer"), ("cem", "gates-reject", "reviewer")],
)  # fmt: skip
def test_a_forged_callback_meets_the_role_inside_it(
    client: FlaskClient, name: str, button: str, needed: str
) -> None:
    log_in(client, name)
    draft = {"sample": "0" * 16, "population": "CAR+", "now": [[1.0]], "moved": True}
    answer = call(
        client, "gates-message.children", f"{button}.n_clicks", gates_draft=draft,
        gates_reason="because", gates_scope="tube", gates_saved=0,
    )  # fmt: skip
    assert answer.status_code == 200
    assert f"this needs a {needed}" in answer.text or f"this needs an {needed}" in answer.text


@pytest.mark.parametrize(
    ("name", "said", "kept"),
    [("vic", "vic is viewer; this needs an analyst", False),
     ("cem", "1 percentage kept in flowjo.csv", True)],
)  # fmt: skip
def test_flowjo_s_table_is_taken_from_an_analyst_and_not_from_a_viewer(
    client: FlaskClient, study: Path, name: str, said: str, kept: bool
) -> None:
    log_in(client, name)
    table = base64.b64encode(b",CAR+ | Freq. of Parent\na.fcs,31\n").decode()
    answer = call(
        client, "compare-flowjo-said.children", "compare-flowjo-upload.contents",
        compare_flowjo_upload=f"data:text/csv;base64,{table}",
    )  # fmt: skip
    assert said in answer.text
    assert (study / "flowjo.csv").is_file() is kept


@pytest.mark.parametrize("sent", ["no address", "data:text/csv;base64,no base64!", "data:,"])
def test_a_forged_upload_is_refused_in_a_line(client: FlaskClient, study: Path, sent: str) -> None:
    log_in(client, "cem")
    answer = call(
        client, "compare-flowjo-said.children", "compare-flowjo-upload.contents",
        compare_flowjo_upload=sent,
    )  # fmt: skip
    assert answer.status_code == 200
    assert "\\u2715" in answer.text
    assert find_table(study) is None


def test_a_role_taken_away_is_gone_at_once(client: FlaskClient, study: Path) -> None:
    log_in(client, "ann")
    assert ask(client).status_code == 200
    with Store.open(load_study(study).store_url) as store:
        set_role(store, "ann", "viewer", who="test", reason="left the lab")
        draft = {"sample": "0" * 16, "population": "CAR+", "now": [[1.0]], "moved": True}
        answer = call(
            client, "gates-message.children", "gates-accept.n_clicks", gates_draft=draft,
            gates_reason="because", gates_scope="tube", gates_saved=0,
        )  # fmt: skip
        assert "this needs a reviewer" in answer.text
        set_active(store, "ann", active=False, who="test", reason="left the lab")
    assert ask(client).status_code == 302


def test_a_page_asks_nothing_of_other_computers(client: FlaskClient) -> None:
    log_in(client, "vic")
    page = ask(client)
    asked = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
    assert asked
    assert not [address for address in asked if "//" in address]
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "'unsafe-eval'" not in policy


def test_a_path_from_the_client_leads_nowhere(client: FlaskClient) -> None:
    log_in(client, "ann")
    for path in ("/assets/../people.py", "/assets/%2e%2e/people.py", "/../../etc/passwd"):
        answer = ask(client, path)
        assert b"class Person" not in answer.data
        assert b"root:" not in answer.data


def test_nothing_debugs_outside_this_computer(served: Any) -> None:
    assert served.debug is False
    assert served.testing is False


FORBIDDEN = re.compile(
    r"\bdangerously_allow_html\s*=\s*True|\bimport pickle\b|\bpickle\.loads?\(|(?<![\w.])eval\("
    r"|(?<![\w.])exec\(|\.query\(|allow_pickle=True|debug=True"
)


def test_no_code_runs_what_a_user_or_a_file_says() -> None:
    top = Path(__file__).resolve().parents[2]
    files = [p for room in ("labproc", "gating", "dashboards") for p in (top / room).rglob("*.py")]
    assert len(files) > 100
    found = [
        f"{path.relative_to(top)}: {line.strip()}"
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if FORBIDDEN.search(line)
    ]
    assert found == []
