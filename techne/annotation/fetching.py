"""Input files as local files: where they are, if they are local, else a copy that lasts for the run."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from techne.settings import Settings
from techne.storage import open_store, parse_uri

SIZE_SETTING = "TECHNE_MAX_DATASET_BYTES"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """An input as a local file.

    Args:
        path: The file, or its copy.
        source: What was asked for; how messages name it.
        sha256: Of its bytes.
    """

    path: Path
    source: str
    sha256: str


class Fetcher:
    """Brings inputs here, each once.

    Args:
        folder: Where copies go.
        settings: What may be read, and how much.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings

    def fetch(self, uri: str, max_bytes: int | None = None) -> LocalFile:
        """A file by its URI or path.

        Args:
            uri: Where it is.
            max_bytes: Largest size; default: TECHNE_MAX_DATASET_BYTES.

        Raises:
            UnsafeURIError: TECHNE_ALLOWED_URIS does not allow it.
            ObjectNotFoundError: There is no such file.
            ObjectTooLargeError: It is larger.
        """
        settings = self._settings
        parsed = parse_uri(uri, allowed_prefixes=settings.techne_allowed_uris)
        store = open_store(parsed, settings)
        most = max_bytes or settings.techne_max_dataset_bytes
        if parsed.scheme == "file":
            return LocalFile(parsed.path, uri, store.digest(parsed, most).sha256)
        name = hashlib.sha256(str(parsed).encode()).hexdigest()[:16] + PurePosixPath(parsed.key).suffix
        path = self._folder / name
        store.download(parsed, path, most, size_setting=SIZE_SETTING)
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(1024**2):
                digest.update(chunk)
        return LocalFile(path, uri, digest.hexdigest())


@contextmanager
def fetching(settings: Settings) -> Iterator[Fetcher]:
    """A fetcher whose copies are removed in the end."""
    with tempfile.TemporaryDirectory(prefix="techne-inputs-", ignore_cleanup_errors=True) as folder:
        yield Fetcher(Path(folder), settings)
