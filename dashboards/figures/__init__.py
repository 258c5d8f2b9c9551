"""Model types in, plotly figures out; one family a file, pure functions."""
