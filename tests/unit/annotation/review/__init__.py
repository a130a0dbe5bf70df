"""Unit tests of the review."""
