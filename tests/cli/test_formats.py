"""``labproc formats`` lists every parser there is."""

import json

from click.testing import CliRunner

from labproc.cli.formats import command
from labproc.parsers import PARSERS


def test_every_parser_is_listed_in_words_and_as_json() -> None:
    words = CliRunner().invoke(command, []).stdout
    lines = CliRunner().invoke(command, ["--json"]).stdout.splitlines()
    assert {json.loads(line)["name"] for line in lines} == set(PARSERS.names())
    assert all(parser.title in words for _, parser in PARSERS.items())
