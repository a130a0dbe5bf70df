"""A container as ECS runs it: read-only root, scratch volume at /tmp, the image's own user and command.

`buildah run` keeps the root writable under chroot isolation, so the container is made here of what the
kernel gives to root: a mount and a process namespace, and a bind mount that is remounted read-only. The
network is this machine's, and /dev too.
"""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.image_engine import Buildah

ENTER = """\
set -eu
root=$1 scratch=$2 user=$3 folder=$4
shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$scratch" "$root/tmp"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" env --chdir="$folder" "$@"
"""
"""What process 1 does before it becomes the container's command. The namespaces end with it."""

COMMAND_SECONDS = 300
"""Longest that a command may take; it is for machines with other work to do."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that is over."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class ReadOnlyContainer:
    """An image, ready to run.

    Attributes:
        root: The image's files.
        scratch: What the container sees as /tmp.
        config: The image's configuration, as the OCI image specification has it.
    """

    root: Path
    scratch: Path
    config: dict[str, Any]

    def start(
        self, command: Sequence[str] | None = None, more: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start a command, or the image's own, as process 1, with more in the image's environment."""
        environment = self.variables | dict(more or {})
        entry_point = self.config.get("Entrypoint") or []
        inside = [*entry_point, *(command or self.config["Cmd"])]
        arguments = [str(self.root), str(self.scratch), self.config["User"], self.config["WorkingDir"]]
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        variables = [f"{name}={value}" for name, value in environment.items()]
        return subprocess.Popen(
            [*namespaces, "sh", "-c", ENTER, "sh", *arguments, "--ignore-environment", *variables, *inside],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, more: Mapping[str, str] | None = None) -> Finished:
        """Run a command, or the image's own, to its end."""
        process = self.start(command, more)
        stdout, stderr = process.communicate(timeout=COMMAND_SECONDS)
        return Finished(process.returncode, stdout, stderr)

    @property
    def path(self) -> list[str]:
        """Folders of the image's commands."""
        return self.variables["PATH"].split(":")

    @property
    def variables(self) -> dict[str, str]:
        """The image's environment."""
        return dict(item.split("=", 1) for item in self.config["Env"])

    def not_roots_alone(self) -> list[Path]:
        """What somebody other than root could write if the root weren't read-only, but for /tmp."""
        paths = (path for path in self.root.rglob("*") if path != self.root / "tmp" and not path.is_symlink())
        stated = ((path, path.stat()) for path in paths)
        return [path for path, told in stated if told.st_uid != 0 or told.st_mode & stat.S_IWOTH]


@contextmanager
def read_only_container(buildah: Buildah, image: str, scratch: Path) -> Iterator[ReadOnlyContainer]:
    """Mount an image for a while. `scratch` is made, empty and everybody's, as Fargate makes it."""
    scratch.mkdir()
    scratch.chmod(0o1777)
    described = json.loads(buildah.run("inspect", "--type", "image", image))
    container = buildah.run("from", image)
    try:
        root = Path(buildah.run("mount", container))
        yield ReadOnlyContainer(root, scratch, described["OCIv1"]["config"])
    finally:
        buildah.run("rm", container)
