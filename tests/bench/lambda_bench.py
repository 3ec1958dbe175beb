"""Drives the program of a Lambda function over the Runtime API and measures it, without Lambda and without Docker.

Lambda gives a function a whole processor while it starts, and memory / 1769 of one from then on. So does this: the quota is put
on the process when it asks for its first event, by a control group. Time of the processor is the kernel's own count of it
(schedstat), memory is the kernel's high-water mark (VmHWM).
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from process import status
from runtime_api import RuntimeApi

# From this much on, a function has a whole processor.
FULL_PROCESSOR_MB = 1769

_CPU_GROUPS = Path("/sys/fs/cgroup/cpu")
_PERIOD_US = 20_000  # Lambda's own.


def says_200(answer: bytes) -> bool:
    """Whether a caller over HTTP is answered with 200."""
    return b'"statusCode":200' in answer.replace(b" ", b"")


@dataclass(frozen=True)
class Plan:
    """Order to measure a function."""

    program: Path
    environment: dict[str, str]
    event: Callable[[str], bytes]  # the event of this number, a text that never comes twice
    calls: Callable[[], Counter]  # calls to AWS so far
    memory_mb: int
    colds: int
    events_per_cold: int
    arguments: tuple[str, ...] = ()  # of the program
    is_good: Callable[[bytes], bool] = says_200


@dataclass
class Measurements:
    """Result of a measurement; one value a start or, for `warm_ms`, one an event. All times in milliseconds."""

    init_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    warm_ms: list[float] = field(default_factory=list)
    cpu_init_ms: list[float] = field(default_factory=list)
    cpu_first_ms: list[float] = field(default_factory=list)
    cpu_event_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    first_calls: Counter = field(default_factory=Counter)  # of first events
    calls: Counter = field(default_factory=Counter)  # of warm events
    bad_answers: int = 0


def why_no_quota() -> str | None:
    """Why a processor's quota cannot be set here, if so."""
    if not (_CPU_GROUPS / "cpu.cfs_period_us").exists():
        return "there are no version 1 control groups for the processor at /sys/fs/cgroup/cpu"
    if os.geteuid() != 0:
        return "only root may set a processor's quota"
    return None


def measure_in_turn(plans: Sequence[Plan], is_throttled: bool, warms_up: bool = False) -> list[Measurements]:
    """Starts the programs in turn, again and again, and gives them events each time; memory and the number of starts are the first one's.

    Whatever slows this machine for a while slows all of them. With `warms_up`, each is started once before, unmeasured, so that its
    files are in memory, and compiled where a language keeps that.
    """
    found = [Measurements() for _ in plans]
    runtime = RuntimeApi()

    def measure(plan: Plan, cold: str, into: Measurements) -> None:
        with _quota(cold, plans[0].memory_mb if is_throttled else FULL_PROCESSOR_MB) as throttle:
            _measure_one(plan, cold, runtime, throttle, into)

    if warms_up:
        for turn, plan in enumerate(plans):
            measure(replace(plan, events_per_cold=2), f"w{turn}", Measurements())
    for cold in range(plans[0].colds):
        for turn, plan in enumerate(plans):
            measure(plan, f"{cold}t{turn}", found[turn])
    runtime.stop()
    return found


def _measure_one(plan: Plan, cold: str, runtime: RuntimeApi, throttle, found: Measurements) -> None:
    runtime.expect_new_process()
    started = time.perf_counter()
    process = runtime.start(plan.program, plan.environment | runtime.environment(plan.memory_mb), plan.arguments)
    try:
        asked = runtime.wait_for_first_question(process)
        found.init_ms.append((asked - started) * 1000)
        cpu_init = _cpu_ms(process.pid)
        found.cpu_init_ms.append(cpu_init)
        throttle(process.pid)

        calls_before = plan.calls()
        found.first_ms.append(_one_event(plan, runtime, f"{cold}x0", found))
        cpu_first = _cpu_ms(process.pid)
        found.cpu_first_ms.append(cpu_first - cpu_init)
        calls_after = plan.calls()
        found.first_calls += calls_after - calls_before

        for number in range(1, plan.events_per_cold):
            found.warm_ms.append(_one_event(plan, runtime, f"{cold}x{number}", found))
        found.cpu_event_ms.append((_cpu_ms(process.pid) - cpu_first) / max(1, plan.events_per_cold - 1))
        found.calls += plan.calls() - calls_after
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
    # Time of the processor and calls after the answer are the event's too.
    runtime.wait_until_idle()
    if path.endswith("/error") or not plan.is_good(answer):
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
def _quota(start: str, memory_mb: int):
    """Gives a function that puts the process of this start under the quota of this much memory.

    Each start has a group of its own, as each sandbox of Lambda has: the kernel lets a process run over its quota, most of all
    while it ends, and makes its group wait for that, so in one group, a process would pay for the one before it.
    """
    if memory_mb >= FULL_PROCESSOR_MB:
        yield lambda _: None
        return
    group = _CPU_GROUPS / f"lambda_bench_{os.getpid()}_{start}"
    group.mkdir()
    try:
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(max(1000, _PERIOD_US * memory_mb // FULL_PROCESSOR_MB)))
        yield lambda pid: (group / "cgroup.procs").write_text(str(pid))
    finally:
        group.rmdir()
