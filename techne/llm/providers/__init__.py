"""One module per provider, each imported only when it is used."""
