"""The results database and its audit chain."""
