"""How much of a file is read at most; what is larger is hostile or not one run's export."""

MAX_CELLS = 3_000_000  # about 200 MiB as Python objects; a 384-well run with raw data has 0.5
