"""Everything that turns Events into Populations."""
