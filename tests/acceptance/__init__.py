"""Whole-product checks, and the judge that they ask."""
