"""Builds and checks the web console. Standard library only."""

import hashlib
import os
from pathlib import Path

import npm
from settings import BROWSER_TESTS, ROOT, TOOLS_LIST, WEB

DIST = WEB / "dist"
# The types of the API come from it.
DESCRIPTION = ROOT / "infra" / "openapi.json"
NOT_SOURCES = {"dist", "node_modules", "schema.d.ts"}


def is_current() -> bool:
    """Whether the built files are those of the sources as they are."""
    stamp = DIST / "built"
    return stamp.exists() and stamp.read_text() == _fingerprint()


def build() -> None:
    """Builds the files."""
    fingerprint = _fingerprint()
    npm.run(WEB, "build")
    (DIST / "built").write_text(fingerprint)


def check() -> None:
    """Checks types and style, and runs the unit tests. The browser tests are checked too, but not run."""
    npm.run(WEB, "check")
    npm.run(BROWSER_TESTS, "check")


def show_in_browser(script: str, arguments: list[str]) -> bool:
    """Runs a script of the browser tests against the running stack: the tests, or one that takes pictures; `True` if it succeeds."""
    return npm.show(BROWSER_TESTS, script, *arguments)


def check_verdicts() -> bool:
    """Prints the verdict on each scene of the last pictures; `True` if none is open or missing."""
    return npm.run_file(BROWSER_TESTS / "screenshots" / "check.ts")


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in _sources():
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources() -> list[Path]:
    # The list of tools names the version of Node.js.
    files = [DESCRIPTION, TOOLS_LIST]
    for folder, names, leaves in os.walk(WEB):
        names[:] = [name for name in names if name not in NOT_SOURCES]
        files += [Path(folder) / name for name in leaves if name not in NOT_SOURCES]
    return sorted(files)
