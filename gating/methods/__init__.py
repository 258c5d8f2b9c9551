"""One gating method a file, registered by name."""
