"""The embedded engine: documents from rules and sentence selection, without a network or a model."""

from techne.documents.engines.extractive.engine import ExtractiveEngine

__all__ = ["ExtractiveEngine"]
