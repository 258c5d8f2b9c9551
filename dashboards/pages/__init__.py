"""The review app, one page a file."""
