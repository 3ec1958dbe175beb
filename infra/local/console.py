"""Terminal output: steps with their times, and failures with a hint."""

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path


class StepFailed(Exception):
    """A failed step, with the reason, a hint and a log for the person at the terminal."""

    def __init__(self, reason: str, hint: str = "", log: Path | None = None):
        super().__init__(reason)
        self.hint = hint
        self.log = log
        self.step = ""


def _is_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def style(text: str, code: str) -> str:
    """Colours text on terminals that support it, unless NO_COLOR is set."""
    if not _is_terminal() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{code}m{text}\033[0m"


def bold(text: str) -> str:
    return style(text, "1")


def dim(text: str) -> str:
    return style(text, "2")


def say(text: str = "") -> None:
    print(text, flush=True)


@contextmanager
def step(name: str, note: str = "", noisy: bool = False):
    """Announces a step, then shows its duration. The output of a `noisy` step follows its announcement."""
    started = time.monotonic()
    waiting = f"  {dim('·')} {name}{'  ' + dim(note) if note else ''}"
    redraw = _is_terminal() and not noisy
    print(waiting, end="" if redraw else "\n", flush=True)
    clear = "\r\033[K" if redraw else ""
    try:
        yield
    except StepFailed as failure:
        failure.step = failure.step or name
        print(f"{clear}  {style('✗', '31')} {name}", flush=True)
        raise
    except BaseException:
        print(clear, end="", flush=True)
        raise
    print(f"{clear}  {style('✓', '32')} {name:<24} {dim(f'{time.monotonic() - started:6.1f} s')}", flush=True)


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, indented."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-lines:])


def report(failure: StepFailed) -> None:
    """Prints the failed step, the reason and the hint."""
    err = sys.stderr
    print(f"\n{style('Failed', '31;1')}: {failure.step}\n  {failure}", file=err)
    if failure.log and (last := tail(failure.log)):
        print(f"\n  Last lines of {failure.log}:\n{last}", file=err)
    if failure.hint:
        print(f"\n  What to do: {failure.hint}", file=err)
    err.flush()
