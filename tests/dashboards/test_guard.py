"""The rules of the web: a known host, our own pages, JSON only, a bounded body, no inline code."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboards.guard import LIMIT, guard

HOST = {"Host": "127.0.0.1:8050"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client() -> FlaskClient:
    server = Flask("guarded")

    @server.route("/thing", methods=["GET", "POST"])
    def thing() -> str:
        return "done"

    guard(server, scripts=["'sha256-abc'"])
    return server.test_client()


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost", "[::1]:8050", "LOCALHOST:1"])
def test_known_hosts_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/thing", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8050", "localhost.evil", "", "127.0.0.1@evil"]
)
def test_a_foreign_host_is_refused(client: FlaskClient, host: str) -> None:
    assert client.get("/thing", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1.evil.example:8050"],
)
def test_another_sites_page_changes_nothing(client: FlaskClient, origin: str) -> None:
    answer = client.post("/thing", json={}, headers={**HOST, "Origin": origin})
    assert answer.status_code == 403


def test_another_sites_page_is_known_without_an_origin_too(client: FlaskClient) -> None:
    headers = {**HOST, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/thing", json={}, headers=headers).status_code == 403


def test_our_own_page_is_answered(client: FlaskClient) -> None:
    headers = {**HOST, "Origin": "http://127.0.0.1:8050"}
    assert client.post("/thing", json={}, headers=headers).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_read(client: FlaskClient, kind: str) -> None:
    answer = client.post("/thing", data="{}", headers={**HOST, "Content-Type": kind})
    assert answer.status_code == 415


def test_a_body_over_16_mib_is_refused(client: FlaskClient) -> None:
    large = {"CONTENT_LENGTH": str(LIMIT + 1)}
    answer = client.post("/thing", data=b"{}", headers={**HOST, **JSON}, environ_overrides=large)
    assert answer.status_code == 413


def test_every_answer_carries_the_policy(client: FlaskClient) -> None:
    headers = client.get("/thing", headers=HOST).headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self' 'sha256-abc'" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
