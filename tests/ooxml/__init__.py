"""Judges of documents that npm brings; `make test` installs them."""
