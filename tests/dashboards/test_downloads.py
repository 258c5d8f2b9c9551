"""Downloads: every export and the report by name, nothing else."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboards.downloads import offered, serve_downloads
from dashboards.people import KEY, Person
from dashboards.static_figures import NEEDED
from labproc.errors import SettingsError
from labproc.exchange import EXPORTS
from labproc.pipeline.results import Results


@pytest.fixture
def client(results: Results) -> FlaskClient:
    server = Flask("downloads")
    server.config[KEY] = Person("ada", "viewer")
    serve_downloads(server, lambda: results)
    return server.test_client()


def test_every_export_is_offered_the_common_ones_first(results: Results) -> None:
    names = [name for name, _ in offered(results)]
    assert names[:3] == ["xlsx", "prism", "csv"]
    assert set(names) == {*EXPORTS.names(), "report", "figures"}


def test_one_file_comes_as_it_is_and_several_as_a_zip(client: FlaskClient) -> None:
    book = client.get("/download/xlsx")
    assert book.headers["Content-Disposition"].startswith('attachment; filename="')
    assert "measurements" in openpyxl.load_workbook(io.BytesIO(book.data)).sheetnames
    packed = zipfile.ZipFile(io.BytesIO(client.get("/download/prism").data))
    assert any(name.endswith(".pzfx") for name in packed.namelist())
    report = client.get("/download/report")
    assert report.data.startswith(b"<!doctype html>")


def test_figures_come_as_a_zip(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    # that they can be drawn is shown in tests/cli/test_export.py, by a browser
    def write(_results: Results, folder: Path) -> list[Path]:
        made = [folder / "growth_85mm.svg", folder / "growth.png"]
        for path in made:
            path.write_bytes(path.name.encode())
        return made

    monkeypatch.setattr("dashboards.downloads.write_figures", write)
    packed = zipfile.ZipFile(io.BytesIO(client.get("/download/figures").data))
    assert sorted(packed.namelist()) == ["growth.png", "growth_85mm.svg"]


def test_without_a_browser_it_is_said_what_to_install(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise SettingsError(NEEDED)

    monkeypatch.setattr("dashboards.downloads.write_figures", refuse)
    answer = client.get("/download/figures")
    assert answer.status_code == 503
    assert "install them with" in answer.text


@pytest.mark.parametrize("name", ["exe", "..", "%2e%2e%2fstudy.toml", "xlsx/../../x"])
def test_nothing_else_is_given(client: FlaskClient, name: str) -> None:
    assert client.get(f"/download/{name}").status_code == 404
