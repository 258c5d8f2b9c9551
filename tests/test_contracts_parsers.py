"""What every parser must do, the new ones too: examples stand in ``tests/data/<parser>/``."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from labproc.errors import ParseError
from labproc.formats.content import Content, look
from labproc.formats.fcs.write import write_fcs
from labproc.model import Channel, DnaTable, FlowTube, QpcrRun
from labproc.parsers import PARSERS, recognise

DATA = Path(__file__).parent / "data"


def examples(name: str) -> list[Path]:
    """Return a parser's example files."""
    folder = DATA / name
    found = sorted(folder.glob("*")) if folder.is_dir() else []
    return [path for path in found if not path.name.endswith(".expected.json")]


EXAMPLES = [
    pytest.param(name, path, id=f"{name}-{path.name}")
    for name in PARSERS.names()
    for path in examples(name)
]
READABLE = [p for p in EXAMPLES if p.values[0] != "bio_rad_pcrd"]


@pytest.fixture(scope="module")
def fcs_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fcs") / "tube.fcs"
    values = np.arange(40, dtype=np.float32).reshape(20, 2)
    write_fcs(path, values, (Channel("FSC-A"), Channel("BL1-A")))
    return path


@pytest.mark.parametrize("name", [n for n in PARSERS.names() if n != "fcs"])
def test_every_parser_has_an_example(name):
    assert examples(name), f"put a file and its .expected.json into tests/data/{name}/"


@pytest.mark.parametrize(("name", "path"), EXAMPLES)
def test_only_its_own_parser_knows_a_file(name, path):
    content = look(path)
    assert [n for n, p in PARSERS.items() if p.sniff(content)] == [name]


def test_an_fcs_file_is_known_to_the_fcs_parser_only(fcs_example):
    content = look(fcs_example)
    assert [n for n, p in PARSERS.items() if p.sniff(content)] == ["fcs"]
    assert isinstance(recognise(content)[1].read(content), FlowTube)


@pytest.mark.parametrize(("name", "path"), EXAMPLES)
def test_the_name_of_a_file_does_not_matter(name, path, tmp_path):
    renamed = shutil.copy(path, tmp_path / "export.dat")
    assert recognise(look(Path(renamed)))[0] == name


@pytest.mark.parametrize(("name", "path"), EXAMPLES)
def test_an_example_is_read_as_expected(name, path):
    expected = json.loads(path.with_name(path.name + ".expected.json").read_text())
    parser = PARSERS.get(name)
    if "refused" in expected:
        with pytest.raises(ParseError, match=expected["refused"]):
            parser.read(look(path))
        return
    found = parser.read(look(path))
    assert sorted({f.code for f in found.flags}) == sorted(expected["flags"])
    assert found.format == expected["format"]
    assert found.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    if isinstance(found, QpcrRun):
        check_run(found, expected)
    else:
        assert isinstance(found, DnaTable)
        check_dna(found, expected)


def check_run(run: QpcrRun, expected: dict) -> None:
    wells = [
        {
            "well": w.position,
            "sample": w.sample,
            "target": w.target,
            "task": w.task.value,
            "cq": w.cq,
            "quantity": pytest.approx(w.quantity) if w.quantity is not None else None,
        }
        | ({"omitted": True} if w.omitted else {})
        | ({"dye": w.dye} if "dye" in e else {})
        for w, e in zip(run.table.wells, expected["wells"], strict=True)
    ]
    assert wells == expected["wells"]
    curves = [
        {
            "target": c.target,
            "slope": c.slope,
            "intercept": c.intercept,
            "r_squared": c.r_squared,
            "efficiency": None if c.efficiency is None else pytest.approx(c.efficiency),
        }
        for c in run.reported_curves
    ]
    assert curves == expected["reported_curves"]
    assert len(run.amplification) == expected["n_amplification"]
    known = {(w.position, w.target) for w in run.table.wells}
    assert {(a.position, a.target) for a in run.amplification} <= known


def check_dna(table: DnaTable, expected: dict) -> None:
    for found, wanted in zip(table.samples, expected["samples"], strict=True):
        for key, value in wanted.items():
            assert getattr(found, key) == (value if value is None else pytest.approx(value)) or (
                getattr(found, key) == value
            )


@pytest.mark.parametrize(("name", "path"), READABLE)
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_truncated_copy_is_refused_or_flagged(name, path, kept, tmp_path):
    data = path.read_bytes()
    cut = tmp_path / path.name
    cut.write_bytes(data[: int(len(data) * kept)].rstrip(b"\r\n"))
    content = look(cut)
    found = read_or_refuse(content)
    if isinstance(found, ParseError):
        assert cut.name in str(found)
        return
    whole = PARSERS.get(name).read(look(path))
    assert found.flags or len(found_rows(found)) == len(found_rows(whole))


def read_or_refuse(content: Content) -> QpcrRun | DnaTable | FlowTube | ParseError:
    try:
        return recognise(content)[1].read(content)
    except ParseError as error:
        return error


def found_rows(found: QpcrRun | DnaTable | FlowTube) -> tuple:
    assert not isinstance(found, FlowTube)
    return found.table.wells if isinstance(found, QpcrRun) else found.samples


@pytest.mark.parametrize(("name", "path"), EXAMPLES)
def test_reading_changes_nothing_on_disk(name, path, tmp_path):
    copy = Path(shutil.copy(path, tmp_path / path.name))
    copy.chmod(0o400)
    before = (copy.read_bytes(), copy.stat().st_mtime_ns)
    content = look(copy)
    try:
        PARSERS.get(name).read(content)
    except ParseError:
        assert name == "bio_rad_pcrd"
    assert (copy.read_bytes(), copy.stat().st_mtime_ns) == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", PARSERS.names())
def test_a_parser_says_what_it_reads(name):
    parser = PARSERS.get(name)
    assert parser.title
    assert parser.extensions
    assert all(e.startswith(".") for e in parser.extensions)


@pytest.mark.parametrize("name", PARSERS.names())
@pytest.mark.parametrize(
    "data",
    [b"\0", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"{}", b"a,b\n1,2\n", b"\xff" * 99],
    ids=["nul", "pdf", "png", "zip", "json", "table", "noise"],
)
def test_no_parser_knows_or_trips_over_anything_else(name, data, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(data)
    assert PARSERS.get(name).sniff(look(path)) is False


@pytest.mark.parametrize("name", [n for n in PARSERS.names() if n != "fcs"])
def test_a_file_of_another_family_is_refused_not_tripped_over(name, fcs_example):
    with pytest.raises(ParseError):
        PARSERS.get(name).read(look(fcs_example))
