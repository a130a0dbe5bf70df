"""Tests of what is read from files and written to them."""
