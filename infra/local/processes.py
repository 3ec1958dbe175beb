"""The stack's processes: one group each, all stopped together, none left behind."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

from console import StepFailed

STOP_GRACE_SECONDS = 8
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def _end_with_parent() -> None:
    """Has the kernel stop a child should this process be killed without a chance to do so."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Processes:
    """Everything this run started. Each child leads its own group, so Ctrl-C reaches only us, and we stop them in order."""

    def __init__(self) -> None:
        self._started: list[tuple[str, subprocess.Popen, Path | None]] = []

    def start(self, name: str, command: list[str], environment: dict[str, str], log: Path | None, cwd: Path | None = None) -> subprocess.Popen:
        """Starts a process; its output goes to the log, or to the terminal when there is none."""
        output = log.open("ab") if log else None
        try:
            child = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        except OSError as error:
            raise StepFailed(f"{name} could not be started: {error}") from error
        finally:
            if output:
                output.close()
        self._started.append((name, child, log))
        return child

    def run(self, name: str, command: list[str], environment: dict[str, str], log: Path | None, hint: str, cwd: Path | None = None) -> None:
        """Runs a process to its end, and fails the step if it fails."""
        child = self.start(name, command, environment, log, cwd)
        code = child.wait()
        self._started = [entry for entry in self._started if entry[1] is not child]
        if code != 0:
            raise StepFailed(f"{name} ended with exit code {code}.", hint, log)

    def check_alive(self) -> None:
        """Fails if a process that should run has ended."""
        for name, child, log in self._started:
            if child.poll() is not None:
                raise StepFailed(f"The {name} ended by itself (exit code {child.returncode}).", "Look at its log, then `make run` again.", log)

    def wait_for(self, what: str, condition, seconds: float, log: Path | None = None) -> None:
        """Waits for a condition while all processes live."""
        deadline = time.monotonic() + seconds
        pause = Event()
        while not condition():
            self.check_alive()
            if time.monotonic() > deadline:
                raise StepFailed(f"{what} did not happen within {seconds:.0f} s.", "Look at the log, then `make run` again.", log)
            pause.wait(0.1)

    def stop(self) -> None:
        """Ends every process, last started first: politely, then not."""
        for _, child, _ in reversed(self._started):
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE_SECONDS
        for _, child, _ in reversed(self._started):
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            # Also when the leader has gone: what it started may not have.
            _signal_group(child, signal.SIGKILL)
            child.wait()
        self._started.clear()


def _signal_group(child: subprocess.Popen, number: int) -> None:
    # The group's id stays the leader's for as long as any member lives, so this never hits a stranger.
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        pass
