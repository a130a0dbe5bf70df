"""Annotators that need no model, no network and no key: what a label set alone can teach.

An annotator is a file; `registry` lists them. They are what they are called, not stand-ins for an LLM: a
floor that every paid model should beat, and something that runs on a fresh clone.
"""
