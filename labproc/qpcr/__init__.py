"""From Cq values to copies, with intervals."""
