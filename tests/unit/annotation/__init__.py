"""Unit tests of the annotation experiment."""
