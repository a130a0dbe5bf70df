"""The annotation experiment: N texts by M models, one trustworthy answer, and what it is worth (S0)."""
