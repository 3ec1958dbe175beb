"""Checks that the ports are free, and names the program that uses one."""

import os
import socket
from pathlib import Path

from console import StepFailed
from settings import LOOPBACK, PORTS, Port


def check_free() -> None:
    """Fails on the first port in use, and names the program if possible."""
    numbers: dict[int, Port] = {}
    for port in PORTS:
        other = numbers.setdefault(port.number, port)
        if other is not port:
            raise StepFailed(f"The {other.purpose} and the {port.purpose} are both set to port {port.number}.", f"Change {other.variable} or {port.variable}.")
    for port in PORTS:
        if not _is_free(port.number):
            raise StepFailed(
                f"Port {port.number}, for the {port.purpose}, is used{_holder(port.number)}.",
                f"Stop that program, or choose another port: {port.variable}={port.number + 1000} make run",
            )


def is_open(port: int) -> bool:
    """Whether a program answers on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do, so that a port with closing connections counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return not is_open(port)


def _holder(port: int) -> str:
    """The text " by `<program>` (process n)", or nothing if this user may not see the program."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            field = row.split()
            if field[3] == "0A" and int(field[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{field[9]}]")
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        try:
            if any(os.readlink(descriptor) in inodes for descriptor in (process / "fd").iterdir()):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                return f" by `{command[:80]}` (process {process.name})"
        except OSError:
            continue
    return ""
