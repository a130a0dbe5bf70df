"""Word lists, written as text."""


def words(listed: str) -> frozenset[str]:
    """The words of a text, apart by white space."""
    return frozenset(listed.split())
