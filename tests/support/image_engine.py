"""Buildah with storage of its own, so that no image of the developer's is used, seen or removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MOST_IMAGES = 400
"""Every instruction of a build leaves one, so that the next build needn't repeat it."""


@dataclass(frozen=True, slots=True)
class Buildah:
    """The command, bound to one folder.

    Attributes:
        folder: Holds images and containers, and is the one place where anything of them is mounted.
        environment: Makes any `buildah`, a script's too, use that folder and no namespace of its own.
    """

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, timeout_seconds: float = 600) -> str:
        """Run a command of buildah's, and return what it printed, without the last line break.

        Raises:
            AssertionError: It failed; the message is what it said.
        """
        done = subprocess.run(
            ["buildah", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
        assert done.returncode == 0, f"buildah {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def has(self, image: str) -> bool:
        """Whether the folder holds this image."""
        return bool(self.run("images", "--quiet", "--filter", f"reference={image}"))


def missing() -> str | None:
    """Why no image can be built and run here, or None if one can."""
    if shutil.which("buildah") is None:
        return "buildah is not installed (Debian's package buildah)"
    if os.geteuid() != 0:
        return "only root may mount an image"
    return None


@contextmanager
def buildah_in(folder: Path) -> Iterator[Buildah]:
    """Buildah on the images of this folder, which stay; what was mounted of them doesn't.

    Whoever else wants the folder waits. It begins anew once it holds too much.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if len(list(folder.glob("images/overlay-images/*"))) > MOST_IMAGES:
            shutil.rmtree(folder / "images")
        yield from _in(folder)


def _in(folder: Path) -> Iterator[Buildah]:
    storage = folder / "storage.conf"
    storage.write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder / "images"}"\nrunroot = "{folder / "run"}"\n'
    )
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = dict(os.environ) | {
        "CONTAINERS_STORAGE_CONF": str(storage),
        "BUILDAH_ISOLATION": "chroot",
        "TMPDIR": str(temporary),
    }
    try:
        yield Buildah(folder, environment)
    finally:
        shutil.rmtree(temporary)
        # The driver mounts its own folder as well.
        subprocess.run(["umount", folder / "images/overlay"], stderr=subprocess.DEVNULL, check=False)
