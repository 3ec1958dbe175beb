"""Figures of a process, from the kernel."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Holding:
    """Resources that a process holds at this moment."""

    memory_kib: int  # resident
    descriptors: int


def holding(pid: int) -> Holding:
    return Holding(
        memory_kib=status(pid, "VmRSS"),
        descriptors=sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
    )


def status(pid: int, name: str) -> int:
    """A figure of the kernel's status of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
