"""Gate files with something broken in them: a strategy that gates, or one line of refusal."""

import random
import re

import pytest

from gating.engine import gate_tube
from labproc.errors import LabprocError
from labproc.exchange.incoming.reading import import_gates, read_gate_file
from labproc.parsers.fcs import read_tube

SEEDS = (
    "gate_ref/gml/gml_all_gates.xml",
    "gate_ref/gml/gml_quadrant2_gate.xml",
    "simple_line_example/single_ellipse_51_events.wsp",
    "simple_diamond_example/simple_diamond_example_quad_gate.wsp",
    "8_color_data_set/8_color_ICS_simple.wsp",
)
WORDS = (b"nan", b"inf", b"-1", b"1e400", b"0", b"", b"Comp-", b"a/b", b"\xff", b"1e-320")
VALUE, TAG, EMPTY = rb'="([^"]*)"', rb"</?([\w:]+)", rb"<[\w:]+[^<>]*/>"


def mutant(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        found = list(re.finditer(rng.choice([VALUE, VALUE, TAG, EMPTY]), data))
        if not found:
            continue
        part = rng.choice(found)
        if not part.re.groups:  # an element twice, or not at all
            data[part.start() : part.end()] = part.group() * rng.choice([0, 2])
        else:
            other = rng.choice(found).group(1)
            data[part.start(1) : part.end(1)] = rng.choice([*WORDS, other])
    return bytes(data)


def strategy_of(path, *, leave_out):
    """Return the strategy, or what the refusal says."""
    try:
        return import_gates(read_gate_file(path), name="x", leave_out=leave_out).strategy
    except LabprocError as error:
        return str(error)


def complaint(tube, strategy):
    try:
        gate_tube(tube, strategy, draws=0)
    except LabprocError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_broken_file_never_ends_in_a_traceback(shared, tmp_path, seed):
    folder, rng = shared / "data/fcs/flowkit", random.Random(seed)
    tubes = [read_tube(folder / f) for f in ("data1.fcs", "data_set_simple_line_100.fcs")]
    whole, path, refused = (folder / seed).read_bytes(), tmp_path / "mutant.xml", 0
    for _ in range(40):
        path.write_bytes(mutant(whole, rng))
        made = strategy_of(path, leave_out=rng.random() < 0.5)
        if isinstance(made, str):
            assert made.startswith("mutant.xml: ")
            assert "\n" not in made
            refused += 1
            continue
        for tube in tubes:  # the strategy may be of another panel, and nothing else
            assert "no channel" in (complaint(tube, made) or "no channel")
    assert 0 < refused < 40
