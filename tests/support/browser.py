"""A real browser without a window: pictures of a page, its DOM, and what it complained about.

Chromium is found on the PATH, or named by TECHNE_CHROMIUM; tests that need it are skipped where there
is none. A test that wants to measure a page writes a copy with a script of its own, and reads the
measure from the DOM.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_SECONDS = 60
_CONSOLE = re.compile(r'^\[[^]]*:CONSOLE[:(]\d+\)?\] "(?P<message>.*)", source: ', re.MULTILINE)
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--v=0",
)


def chromium() -> str | None:
    """The browser's path."""
    named = os.environ.get("TECHNE_CHROMIUM", "")
    return next((found for name in (named, *NAMES) if name and (found := shutil.which(name))), None)


needs_browser = pytest.mark.skipif(
    chromium() is None, reason=f"none of {', '.join(NAMES)} is on the PATH, and TECHNE_CHROMIUM names none"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What the browser said of a page: its DOM after loading, and the messages of its console."""

    dom: str
    console: tuple[str, ...]


def visit(page: Path | str, width: int = 1280, height: int = 900, dark: bool = False) -> Visit:
    """Open a page, a file or an address; what scripts, styles and the security policy say is in `console`."""
    done = _run(page, ("--dump-dom",), width, height, dark)
    console = tuple(found["message"] for found in _CONSOLE.finditer(done.stderr.decode(errors="replace")))
    return Visit(done.stdout.decode(), console)


def dump_dom(page: Path | str, width: int = 1280, height: int = 900) -> str:
    """The DOM of a page after loading, as HTML."""
    return visit(page, width, height).dom


def screenshot(page: Path | str, width: int = 1280, height: int = 900, dark: bool = False) -> bytes:
    """A picture of the page's first `height` pixels, as PNG."""
    with tempfile.TemporaryDirectory(prefix="techne-screenshot-") as folder:
        target = Path(folder) / "page.png"
        _run(page, (f"--screenshot={target}",), width, height, dark)
        return target.read_bytes()


def framed(html: str, width: int, height: int = 900, name: str = "") -> str:
    """A page that shows another in a frame: a window has no less than 500 pixels, a frame may be a phone.

    The frame is of the page's own origin, so that a script in it can write to `top.document`. Such pages can
    be put one after the other.
    """
    return (
        '<!DOCTYPE html><html style="color-scheme: light dark"><body style="margin: 0">'
        f'<iframe name="{escape(name)}" style="border: 0; display: block" width="{width}" height="{height}" '
        f'srcdoc="{escape(html)}"></iframe></body></html>'
    )


def _run(
    page: Path | str, flags: tuple[str, ...], width: int, height: int, dark: bool
) -> subprocess.CompletedProcess[bytes]:
    browser = chromium()
    if browser is None:
        raise RuntimeError("There is no Chromium; mark the test with needs_browser.")
    address = page.absolute().as_uri() if isinstance(page, Path) else page
    with tempfile.TemporaryDirectory(prefix="techne-browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                browser,
                *_FLAGS,
                *flags,
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                address,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, err = process.communicate(timeout=TIMEOUT_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode:
            raise RuntimeError(
                f"{browser} ended with {process.returncode}: {err.decode(errors='replace')[-2000:]}"
            )
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
