"""What a number was made with."""

from importlib.metadata import version

PIPELINE_VERSION = "3"
"""Raised whenever a change of the code can change a number: every file is then done again."""


def software_versions() -> dict[str, str]:
    """Return the versions of labproc and of the libraries its numbers rest on."""
    names = ("labproc", "numpy", "scipy", "scikit-learn", "statsmodels", "pandas")
    return {"pipeline": PIPELINE_VERSION, **{name: version(name) for name in names}}
