"""Other programs, one file each."""
