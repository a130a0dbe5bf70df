"""Documents by a language model."""

from techne.documents.engines.llm.calibration import TokenCalibration
from techne.documents.engines.llm.calls import Submits
from techne.documents.engines.llm.engine import LLMEngine

__all__ = ["LLMEngine", "Submits", "TokenCalibration"]
