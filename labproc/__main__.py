"""``python -m labproc`` is ``labproc``."""

from labproc.cli import main

main()
