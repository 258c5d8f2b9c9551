"""The page on qPCR exports names every limit and word as the code has it."""

from pathlib import Path

from labproc.formats import _limits, archive, sandbox, text

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "qpcr-exports.md").read_text("utf-8")


def test_the_page_states_the_limits_of_the_code():
    limits = sandbox.Limits()
    for fact in (
        f"{text.MAX_TEXT_BYTES >> 20} MiB and {_limits.MAX_CELLS:,} cells of text",
        f"{text.MAX_LINE >> 20} MiB a line",
        f"{archive.MAX_BYTES >> 20} MiB and {archive.MAX_ENTRIES:,} parts",
        f"{_limits.MAX_CELLS:,} cells a sheet",
        f"{limits.memory_mib} MiB of memory, {limits.cpu_s} s of CPU and {limits.wall_s:g} s",
    ):
        assert fact in PAGE, fact


def test_every_flag_of_the_parsers_is_listed():
    import re

    flags = (Path(__file__).parents[2] / "docs" / "reference" / "flags.md").read_text("utf-8")
    root = Path(text.__file__).parents[1]
    sources = [*root.glob("parsers/*.py"), *root.glob("formats/*.py")]
    made = re.compile(r'(?:info|warning|review|fail|make)\(\s*"([a-z_0-9]+)"')
    codes = {code for path in sources for code in made.findall(path.read_text("utf-8"))}
    assert codes
    assert [code for code in sorted(codes) if f"`{code}`" not in flags] == []
