"""Bytes in and bytes out, for whoever needs them."""
