"""Growth, ratio, persistence and dose; one comparison test a file."""
