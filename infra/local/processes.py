"""The stack's processes, each in its own group. All are stopped together, with their children."""

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
    """Makes the kernel stop the child if this process is killed."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Processes:
    """The processes of this run. Each child leads its own group, so that Ctrl-C reaches only us and we stop them in order."""

    def __init__(self) -> None:
        self._started: list[tuple[str, subprocess.Popen, Path | None]] = []

    def start(self, name: str, command: list[str], environment: dict[str, str], log: Path | None, cwd: Path | None = None) -> subprocess.Popen:
        """Starts a process. Its output goes to the log, or to the terminal without one."""
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
        """Runs a process to its end. Fails the step if the process fails."""
        child = self.start(name, command, environment, log, cwd)
        code = child.wait()
        self._started = [entry for entry in self._started if entry[1] is not child]
        if code != 0:
            raise StepFailed(f"{name} ended with exit code {code}.", hint, log)

    def check_alive(self) -> None:
        """Fails if a process has ended by itself."""
        for name, child, log in self._started:
            if child.poll() is not None:
                raise StepFailed(f"The {name} ended by itself (exit code {child.returncode}).", "Read its log, then run `make run` again.", log)

    def wait_for(self, what: str, condition, seconds: float, log: Path | None = None) -> None:
        """Waits for a condition. Fails after `seconds`, or if a process ends."""
        deadline = time.monotonic() + seconds
        pause = Event()
        while not condition():
            self.check_alive()
            if time.monotonic() > deadline:
                raise StepFailed(f"{what} did not arrive within {seconds:.0f} s.", "Read the log, then run `make run` again.", log)
            pause.wait(0.1)

    def stop(self) -> None:
        """Ends every process, the last first: with SIGTERM, then with SIGKILL."""
        for _, child, _ in reversed(self._started):
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE_SECONDS
        for _, child, _ in reversed(self._started):
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            # Also if the leader has ended, because its children may still run.
            _signal_group(child, signal.SIGKILL)
            child.wait()
        self._started.clear()


def _signal_group(child: subprocess.Popen, number: int) -> None:
    # The kernel does not reuse the group's id while any member lives, so this never hits another program.
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        pass
