"""From populations to cells per µL and per culture."""

from labproc.counts.cells import count_cells
from labproc.counts.combine import combine, culture_volumes
from labproc.counts.fractions import flow_fractions
from labproc.counts.rule import CountRule

__all__ = ["CountRule", "combine", "count_cells", "culture_volumes", "flow_fractions"]
