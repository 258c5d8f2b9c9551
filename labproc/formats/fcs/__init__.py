"""FCS files as bytes: HEADER, TEXT, DATA; numpy and the standard library only."""
