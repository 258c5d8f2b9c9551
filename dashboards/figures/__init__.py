"""Model types in, plotly figures out; one family a file, pure functions.

Every registered figure draws from a study's ``Results`` alone, names a unit on every axis, and
says in words why it is empty.
"""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go

from labproc.registry import Registry

Draw = Callable[..., go.Figure]
FIGURES: Registry[Any] = Registry("figure", "dashboards.figures")
"""Every figure by name, as ``draw(results) -> Figure``."""
