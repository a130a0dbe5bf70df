"""Which kind of item a statement is."""

from __future__ import annotations

from techne.documents.engines.extractive.analysis import Statement
from techne.documents.model import ItemKind

_FEW = 6
"""Words up to which a question names no trouble of its own."""


def kind_of(statement: Statement) -> ItemKind:
    """The kind by the strongest cue; what gives no cue explains a concept."""
    has = statement.has
    if statement.is_question and has("asks_of_trouble") and statement.words > _FEW:
        return ItemKind.ERROR
    if has("reports") and has("symptom") and not has("solution", "prohibition", "obligation"):
        return ItemKind.ERROR
    if has("quotes") and not has("solution", "prohibition", "obligation", "risk") and not statement.commands:
        return ItemKind.ERROR
    if has("prohibition") and not has("symptom", "error"):
        return ItemKind.RISK if has("risk") else ItemKind.RULE
    if has("prevention") and not (has("error") and has("symptom")):
        return ItemKind.PREVENTION
    if statement.commands and not (has("named_error") and has("symptom", "error")):
        if has("prohibition", "risk"):
            return ItemKind.RISK if has("risk") else ItemKind.RULE
        return ItemKind.SOLUTION if has("solution") else ItemKind.COMMAND
    if has("named_error") and not has("risk", "solution", "obligation"):
        return ItemKind.ERROR
    if has("error", "symptom"):
        if has("solution") and has("action", "obligation") and not has("symptom"):
            return ItemKind.SOLUTION
        if has("risk") and not has("symptom"):
            return ItemKind.RISK
        if has("prohibition"):
            return ItemKind.RULE
        if has("cause") and not has("symptom"):
            return ItemKind.DIAGNOSTIC
        return ItemKind.ERROR
    if has("risk"):
        return ItemKind.RISK
    if has("solution"):
        return ItemKind.SOLUTION
    if has("changed") and (statement.numbers or statement.code_values or has("setting")):
        return ItemKind.SOLUTION
    if has("obligation") and not (has("setting") and statement.code_values):
        return ItemKind.RULE
    if has("setting") and (statement.numbers or statement.code_values):
        return ItemKind.CONFIGURATION
    if has("action"):
        return ItemKind.DIAGNOSTIC if has("look") else ItemKind.SOLUTION
    if has("diagnosis", "cause"):
        return ItemKind.DIAGNOSTIC
    if has("location") and statement.code_values:
        return ItemKind.CONFIGURATION
    return ItemKind.CONCEPT
