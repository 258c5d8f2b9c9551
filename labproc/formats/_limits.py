"""How much of a file is read at most; what is larger is hostile or not one run's export."""

MAX_CELLS = 2_000_000  # about 150 MiB as Python objects; a 384-well run with raw data has 0.5 M
