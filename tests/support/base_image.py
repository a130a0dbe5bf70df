"""A local stand-in for the official Python image, of this machine's Debian packages and Python 3.12.

No registry of images can be asked here. What makes the official image matters to the Dockerfile in four
ways, and is so here too: Debian's minimal files, Python with pip below /usr/local, no bytecode of the
standard library, and a /tmp that anybody may write.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.image_engine import Buildah

NAME = "localhost/techne-base"
LIBRARIES = (
    "ca-certificates",
    "libbz2-1.0",
    "libexpat1",
    "libffi8",
    "liblzma5",
    "libncursesw6",
    "libreadline8",
    "libsqlite3-0",
    "libssl3",
    "libstdc++6",
    "libuuid1",
    "netbase",
    "tzdata",
    "zlib1g",
)
"""What Python's standard library and wheels link to, beside the essential packages."""
LINKS = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
FOLDERS = {"tmp": 0o1777, "root": 0o700, "proc": 0o555, "sys": 0o555, "dev": 0o755}


def find_python() -> Path | None:
    """Where a Python 3.12 with its standard library is, if this machine has one."""
    roots = [Path(sys.base_prefix)] if sys.version_info[:2] == (3, 12) else []
    if (command := shutil.which("python3.12")) is not None:
        roots.append(Path(command).resolve().parent.parent)
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    roots += sorted(versions.glob("3.12*"), reverse=True)
    return next((root for root in roots if (root / "lib/python3.12/os.py").exists()), None)


def base_image(buildah: Buildah, python: Path) -> str:
    """Make the image, unless it is there, and return its name."""
    packages = _packages()
    made_of = f"{sorted(packages.items())}{python}{Path(__file__).read_text()}"
    name = f"{NAME}:{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    if not buildah.has(name):
        container = buildah.run("from", "scratch")
        try:
            root = Path(buildah.run("mount", container))
            _debian(root, list(packages))
            _python(root, python)
            buildah.run("run", container, "--", "python", "-m", "ensurepip", "--default-pip")
            buildah.run("run", container, "--", "find", "/usr/local", "-name", "*.pyc", "-delete")
            buildah.run("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container)
            buildah.run("commit", "--quiet", container, name)
        finally:
            buildah.run("rm", container)
    return name


def _packages() -> dict[str, str]:
    """Versions of the essential packages, of LIBRARIES, and of all that they depend on."""
    fields = "${Package}\t${Version}\t${Essential}\t${Pre-Depends}, ${Depends}\n"
    listed = subprocess.run(
        ["dpkg-query", "--show", f"--showformat={fields}"], capture_output=True, text=True, check=True
    )
    rows = {row[0]: row[1:] for row in (line.split("\t") for line in listed.stdout.splitlines())}
    wanted = [name for name, row in rows.items() if row[1] == "yes"] + list(LIBRARIES)
    closure: dict[str, str] = {}
    while wanted:
        name = wanted.pop()
        if name in rows and name not in closure:
            closure[name] = rows[name][0]
            wanted += re.findall(r"[a-z0-9][a-z0-9+.-]+(?=[\s:(,|]|$)", rows[name][2])
    return closure


def _debian(root: Path, packages: list[str]) -> None:
    for name in LINKS:
        if (source := Path("/", name)).is_symlink():
            (root / source.readlink()).mkdir(parents=True, exist_ok=True)
            (root / name).symlink_to(source.readlink())
    listed = subprocess.run(["dpkg", "--listfiles", *packages], capture_output=True, text=True, check=True)
    files = {line for line in listed.stdout.splitlines() if Path(line).is_file() or Path(line).is_symlink()}
    kept = sorted(name for name in files if not name.startswith(("/usr/share/doc", "/usr/share/man")))
    archive = subprocess.run(
        ["tar", "--create", "--directory=/", "--no-recursion", "--null", "--files-from=-"],
        input="\0".join(name.removeprefix("/") for name in kept).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    subprocess.run(
        ["tar", "--extract", "--keep-directory-symlink", "--directory", root],
        input=archive.stdout,
        check=True,
    )
    for name in ("passwd", "group"):
        shutil.copy(root / f"usr/share/base-passwd/{name}.master", root / "etc" / name)
    for name, mode in FOLDERS.items():
        (root / name).mkdir(exist_ok=True)
        (root / name).chmod(mode)


def _python(root: Path, python: Path) -> None:
    local = root / "usr/local"
    unneeded = shutil.ignore_patterns("__pycache__", "site-packages", "test", "tests", "*.a")
    shutil.copytree(python / "lib/python3.12", local / "lib/python3.12", ignore=unneeded, symlinks=True)
    (local / "lib/python3.12/site-packages").mkdir()
    for library in python.glob("lib/libpython3*.so*"):
        shutil.copy2(library, local / "lib" / library.name, follow_symlinks=False)
    (local / "bin").mkdir(exist_ok=True)
    shutil.copy2(python / "bin/python3.12", local / "bin/python3.12")
    for name in ("python", "python3"):
        (local / "bin" / name).symlink_to("python3.12")
    subprocess.run(["ldconfig", "-r", root], check=True)
