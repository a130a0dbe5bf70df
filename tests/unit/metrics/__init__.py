"""Tests of techne.metrics."""
