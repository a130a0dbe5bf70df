"""Unit tests of what the benchmarks measure with."""
