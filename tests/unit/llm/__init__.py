"""Unit tests of the LLM executor."""
