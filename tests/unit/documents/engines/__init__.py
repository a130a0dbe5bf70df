"""Tests of the document engines."""
