"""From populations to cells per µL and per culture."""
