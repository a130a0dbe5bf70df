"""Which language is spoken, where a file does not say: Portuguese or English, by their commonest words."""

from __future__ import annotations

from collections.abc import Iterable

_PORTUGUESE = frozenset(
    (
        "o", "os", "uma", "um", "de", "do", "da", "dos", "das", "que", "não", "é", "e", "em", "no",
        "na", "para", "com", "por", "se", "você", "vocês", "gente", "isso", "esse", "essa", "este",
        "esta", "aqui", "está", "mas", "mais", "então", "também", "porque", "já", "vai", "tem",
        "ele", "ela", "foi", "ser", "são", "ou", "quando", "como", "muito",
    )
)  # fmt: skip
_ENGLISH = frozenset(
    (
        "the", "an", "of", "to", "and", "is", "in", "it", "that", "you", "this", "for", "on", "are",
        "with", "be", "was", "have", "if", "so", "we", "can", "not", "what", "will", "they", "your",
        "from", "or", "but", "there", "then", "here", "at", "when", "which", "how", "i'm", "it's",
        "don't", "do",
    )
)  # fmt: skip
_ENOUGH_WORDS = 3000


def detect_language(texts: Iterable[str]) -> str:
    """`pt-BR` or `en-US`, whichever has more of its commonest words in the first few thousand."""
    portuguese = english = seen = 0
    for text in texts:
        for word in text.lower().split():
            bare = word.strip(".,;:?!…\"'()")
            portuguese += bare in _PORTUGUESE
            english += bare in _ENGLISH
            seen += 1
        if seen >= _ENOUGH_WORDS:
            break
    return "pt-BR" if portuguese > english else "en-US"
