import io
import zipfile

import pytest

from labproc.errors import ParseError
from labproc.formats.archive import MAX_BYTES, CountedStream, open_archive


def write(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, *attributes in entries:
            entry = zipfile.ZipInfo(name)
            if attributes:
                entry.create_system, entry.external_attr = 3, attributes[0]
            archive.writestr(entry, data)
    return path


def test_an_entry_is_read_without_unpacking(tmp_path):
    archive = open_archive(write(tmp_path / "a.zip", [("x/y.xml", "<a/>"), ("z", "2")]))
    assert archive.names == ("x/y.xml", "z")
    assert archive.read("x/y.xml") == b"<a/>"
    assert archive.head("x/y.xml", 2) == b"<a"
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("../../evil", "x")], "leaves the archive"),
        ([("/etc/passwd", "x")], "leaves the archive"),
        ([("..\\..\\evil", "x")], "leaves the archive"),
        ([("link", "/etc", 0o120777 << 16)], "a link"),
        ([("inner.zip", "x")], "archive within"),
        ([], "empty zip"),
        ([(f"e{i}", "") for i in range(1001)], "1,001 entries"),
    ],
)
def test_hostile_directories_are_refused(entries, message, tmp_path):
    with pytest.raises(ParseError, match=message):
        open_archive(write(tmp_path / "a.rdml", entries))


def test_an_entry_twice_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    with pytest.warns(UserWarning, match="Duplicate name"):
        write(path, [("a.xml", "1"), ("a.xml", "2")])
    with pytest.raises(ParseError, match="there twice"):
        open_archive(path)


def test_a_bomb_is_refused_by_what_it_claims(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w") as out:
        for _ in range(257):
            out.write(b" " * (1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ParseError, match="257 MiB unpacked"):
        open_archive(path)


def test_a_stream_stops_at_its_limit_whatever_the_archive_claims():
    stream = CountedStream(io.BytesIO(b"x" * 100), limit=60, where="a.zip, part 'a'")
    assert stream.read(50) == b"x" * 50
    with pytest.raises(ParseError, match=f"more than {MAX_BYTES >> 20} MiB"):
        stream.read(50)


def test_a_truncated_archive_is_refused(tmp_path):
    path = write(tmp_path / "a.zip", [("a", "x" * 1000)])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ParseError, match="may be incomplete"):
        open_archive(path)


def test_a_damaged_entry_is_refused_by_name(tmp_path):
    path = write(tmp_path / "a.zip", [("a.xml", bytes(range(256)) * 40)])
    data = bytearray(path.read_bytes())
    data[60:90] = b"\xff" * 30
    path.write_bytes(data)
    with pytest.raises(ParseError, match=r"part 'a\.xml'"):
        open_archive(path).read("a.xml")


def test_a_missing_entry_is_named(tmp_path):
    archive = open_archive(write(tmp_path / "a.zip", [("a", "x")]))
    with pytest.raises(ParseError, match="part 'b': not in the archive"):
        archive.read("b")
