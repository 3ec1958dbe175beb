"""Drives the program of a Lambda function over the Runtime API and measures it, without Lambda and without Docker.

Lambda gives a function a whole processor while it starts, and memory / 1769 of one from then on. So does this: the quota is put
on the process when it asks for its first event, by a control group. Time of the processor is the kernel's own count of it
(schedstat), memory is the kernel's high-water mark (VmHWM).
"""

import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from process import status
from runtime_api import RuntimeApi

# From this much on, a function has a whole processor.
FULL_PROCESSOR_MB = 1769

_CPU_GROUPS = Path("/sys/fs/cgroup/cpu")
_PERIOD_US = 20_000  # Lambda's own.


@dataclass(frozen=True)
class Plan:
    """What is to be measured."""

    program: Path
    environment: dict[str, str]
    event: Callable[[str], bytes]  # the event of this number, a text that never comes twice
    calls: Callable[[], Counter]  # calls to AWS so far
    memory_mb: int
    colds: int
    events_per_cold: int


@dataclass
class Measurements:
    """What was measured; one value a start or, for `warm_ms`, one an event. All times in milliseconds."""

    init_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    warm_ms: list[float] = field(default_factory=list)
    cpu_init_ms: list[float] = field(default_factory=list)
    cpu_first_ms: list[float] = field(default_factory=list)
    cpu_event_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    calls: Counter = field(default_factory=Counter)  # of warm events
    bad_answers: int = 0


def why_no_quota() -> str | None:
    """Why a processor's quota cannot be set here, if so."""
    if not (_CPU_GROUPS / "cpu.cfs_period_us").exists():
        return "there are no version 1 control groups for the processor at /sys/fs/cgroup/cpu"
    if os.geteuid() != 0:
        return "only root may set a processor's quota"
    return None


def measure(plan: Plan, is_throttled: bool, against: Path | None = None) -> tuple[Measurements, Measurements | None]:
    """Starts the program again and again, and gives it events each time.

    With `against`, another build of the program is started in turn with it, so that whatever slows this machine for a while slows both.
    """
    runs = [(plan, Measurements())]
    if against:
        runs.append((replace(plan, program=against), Measurements()))
    runtime = RuntimeApi()
    with _quota(plan.memory_mb if is_throttled else FULL_PROCESSOR_MB) as throttle:
        for cold in range(plan.colds):
            for turn, (run, found) in enumerate(runs):
                _measure_one(run, f"{cold}t{turn}", runtime, throttle, found)
    runtime.stop()
    return runs[0][1], runs[1][1] if against else None


def _measure_one(plan: Plan, cold: str, runtime: RuntimeApi, throttle, found: Measurements) -> None:
    runtime.expect_new_process()
    started = time.perf_counter()
    process = runtime.start(plan.program, plan.environment | runtime.environment(plan.memory_mb))
    try:
        asked = runtime.wait_for_first_question(process)
        found.init_ms.append((asked - started) * 1000)
        cpu_init = _cpu_ms(process.pid)
        found.cpu_init_ms.append(cpu_init)
        throttle(process.pid)

        found.first_ms.append(_one_event(plan, runtime, f"{cold}x0", found))
        cpu_first = _cpu_ms(process.pid)
        found.cpu_first_ms.append(cpu_first - cpu_init)

        calls_before = plan.calls()
        for number in range(1, plan.events_per_cold):
            found.warm_ms.append(_one_event(plan, runtime, f"{cold}x{number}", found))
        found.cpu_event_ms.append((_cpu_ms(process.pid) - cpu_first) / max(1, plan.events_per_cold - 1))
        found.calls += plan.calls() - calls_before
        found.memory_mb.append(status(process.pid, "VmHWM") / 1024)
    finally:
        runtime.process_ends()
        process.kill()
        process.wait()


def _one_event(plan: Plan, runtime: RuntimeApi, number: str, found: Measurements) -> float:
    event = plan.event(f"{os.getpid():X}X{number}")
    began = time.perf_counter()
    path, answer = runtime.invoke(number, event)
    took = (time.perf_counter() - began) * 1000
    if path.endswith("/error") or b'"statusCode":200' not in answer.replace(b" ", b""):
        found.bad_answers += 1
    return took


def _cpu_ms(pid: int) -> float:
    """Time that all threads of the process have had a processor for."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((thread / "schedstat").read_text().split()[0])
        except OSError:
            pass  # It ended meanwhile.
    return total / 1e6


@contextmanager
def _quota(memory_mb: int):
    """Gives a function that puts a process under the quota of this much memory."""
    if memory_mb >= FULL_PROCESSOR_MB:
        yield lambda _: None
        return
    group = _CPU_GROUPS / f"lambda_bench_{os.getpid()}"
    group.mkdir()
    try:
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(max(1000, _PERIOD_US * memory_mb // FULL_PROCESSOR_MB)))
        yield lambda pid: (group / "cgroup.procs").write_text(str(pid))
    finally:
        group.rmdir()
