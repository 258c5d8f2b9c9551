"""``python -m labproc.cli`` is ``labproc``."""

from labproc.cli import main

main()
