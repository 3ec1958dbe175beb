"""Installs the packages of a folder with a package.json, and runs its scripts, with the pinned Node.js. Standard library only."""

import hashlib
import os
import subprocess
from pathlib import Path

from console import StepFailed
from settings import LOCAL, ROOT, TOOLS, TOOLS_LIST


def is_installed(folder: Path) -> bool:
    """Whether the packages of the folder are those of its lock file."""
    stamp = _stamp(folder)
    return stamp.exists() and stamp.read_text() == _fingerprint(folder)


def install(folder: Path) -> None:
    """Installs exactly the versions of the folder's lock file, unless they are there, and runs none of their scripts (.npmrc)."""
    if is_installed(folder):
        return
    fingerprint = _fingerprint(folder)
    _npm(folder, "ci", log=_log(folder, "install"), hint="Check the network, which is only needed for this, then try again.")
    _stamp(folder).write_text(fingerprint)


def run(folder: Path, script: str) -> None:
    """Runs a script of the folder's package.json, with its packages installed."""
    install(folder)
    _npm(folder, "run", script, log=_log(folder, script), hint=f"Fix what the log names in {folder.relative_to(ROOT)}.")


def show(folder: Path, script: str, *arguments: str) -> bool:
    """Runs a script of the folder's package.json in sight; `True` if it succeeds."""
    install(folder)
    command = [str(TOOLS / "bin" / "npm"), "run", "--silent", script, "--", *arguments]
    return subprocess.run(command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, check=False).returncode == 0


def run_file(file: Path) -> bool:
    """Runs a file that needs no packages in sight; `True` if it succeeds."""
    return subprocess.run([str(TOOLS / "bin" / "node"), str(file)], env=_environment(), stdin=subprocess.DEVNULL, check=False).returncode == 0


def _stamp(folder: Path) -> Path:
    return folder / "node_modules" / ".installed"


def _log(folder: Path, action: str) -> Path:
    return LOCAL / f"{'-'.join(folder.relative_to(ROOT).parts)}-{action}.log"


def _fingerprint(folder: Path) -> str:
    # Includes the list of tools, because packages may depend on the version of Node.js.
    lists = (folder / "package.json", folder / "package-lock.json", folder / ".npmrc", TOOLS_LIST)
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in lists)).hexdigest()


def _environment() -> dict[str, str]:
    return os.environ | {
        # npm and the scripts start `node` by its name.
        "PATH": f"{TOOLS / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        # As uv's --system-certs, for machines behind a proxy with a certificate of its own.
        "NODE_USE_SYSTEM_CA": "1",
        "npm_config_audit": "false",
        "npm_config_cache": str(LOCAL / "npm"),
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
    }


def _npm(folder: Path, *arguments: str, log: Path, hint: str) -> None:
    command = [str(TOOLS / "bin" / "npm"), *arguments]
    # Colours make a log hard to read.
    environment = {name: value for name, value in _environment().items() if name != "FORCE_COLOR"} | {"NO_COLOR": "1"}
    with log.open("w") as output:
        done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode != 0:
        raise StepFailed(f"npm {' '.join(arguments)} failed in {folder.relative_to(ROOT)}.", hint, log)
