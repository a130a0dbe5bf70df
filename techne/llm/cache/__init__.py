"""Answers that were paid for once, and are given again to the same request.

In a local SQLite file, in S3 or in DynamoDB, as LLM_EXECUTOR_CACHE_URI says. A cache never fails a call:
one that can't be used is done without. Asking only once for what several want at the same moment is the
executor's. `python -m techne.llm.cache --help` looks after the local file.
"""

from techne.llm.cache.key import FORMAT_VERSION, cache_key, is_storable
from techne.llm.cache.sqlite import FILE_NAME, SQLiteResponseStore
from techne.llm.cache.store import ResponseStore, build_store

__all__ = [
    "FILE_NAME",
    "FORMAT_VERSION",
    "ResponseStore",
    "SQLiteResponseStore",
    "build_store",
    "cache_key",
    "is_storable",
]
