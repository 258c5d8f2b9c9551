"""What holds for every export format, those to come included."""

import pytest

from labproc.exchange import EXPORTS
from labproc.pipeline.results import Results


@pytest.mark.parametrize("name", EXPORTS.names())
def test_files_are_there_named_in_order_and_stay_in_their_folder(name, results, out):
    written = EXPORTS.get(name).write(results, out)
    assert set(written) == {p for p in out.rglob("*") if p.is_file()}
    assert all(p.stat().st_size for p in written)
    assert EXPORTS.get(name).title


@pytest.mark.parametrize("name", EXPORTS.names())
def test_a_study_without_results_is_written_without_a_fuss(name, tmp_path, out):
    written = EXPORTS.get(name).write(Results("", tmp_path, ()), out)
    assert all(p.is_file() for p in written)


@pytest.mark.parametrize("name", EXPORTS.names())
def test_writing_twice_replaces(name, results, out):
    first = EXPORTS.get(name).write(results, out)
    assert EXPORTS.get(name).write(results, out) == first
