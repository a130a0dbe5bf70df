"""The tests of techne, mirroring the house."""
