"""Tests of the instrument that measures how much of a text arrived in a document."""
