"""Drives the program of a Lambda function over the Runtime API and measures it, without Lambda and without Docker.

Lambda gives a function a whole processor while it starts, and memory / 1769 of one from then on. So does this: the quota is put
on the process when it asks for its first event, by a control group. Time of the processor is the kernel's own count of it
(schedstat), memory is the kernel's high-water mark (VmHWM).
"""

import os
import queue
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

# From this much on, a function has a whole processor.
FULL_PROCESSOR_MB = 1769

_CPU_GROUPS = Path("/sys/fs/cgroup/cpu")
_PERIOD_US = 20_000  # Lambda's own.
_STARTS_WITHIN_SECONDS = 30
_ANSWERS_WITHIN_SECONDS = 60


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
    runtime = _RuntimeApi()
    with _quota(plan.memory_mb if is_throttled else FULL_PROCESSOR_MB) as throttle:
        for cold in range(plan.colds):
            for turn, (run, found) in enumerate(runs):
                _measure_one(run, f"{cold}t{turn}", runtime, throttle, found)
    runtime.stop()
    return runs[0][1], runs[1][1] if against else None


def _measure_one(plan: Plan, cold: str, runtime: "_RuntimeApi", throttle, found: Measurements) -> None:
    runtime.expect_new_process()
    started = time.perf_counter()
    process = subprocess.Popen(
        [plan.program],
        env=plan.environment | runtime.environment(plan.memory_mb),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
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
        found.memory_mb.append(_peak_memory_mb(process.pid))
    finally:
        runtime.process_ends()
        process.kill()
        process.wait()


def _one_event(plan: Plan, runtime: "_RuntimeApi", number: str, found: Measurements) -> float:
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


def _peak_memory_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


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


class _RuntimeApi:
    """The Runtime API of one function: hands out events, takes answers."""

    def __init__(self):
        self._answers = queue.Queue()
        self.expect_new_process()
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        Thread(target=self._server.serve_forever, daemon=True).start()

    def environment(self, memory_mb: int) -> dict[str, str]:
        return {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        }

    def expect_new_process(self) -> None:
        """Keeps this process's events from the questions of the one before it."""
        self._asked = Event()
        self._asked_at = 0.0
        self._events = queue.Queue()

    def wait_for_first_question(self, process: subprocess.Popen) -> float:
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        while not self._asked.wait(0.05):
            if process.poll() is not None:
                raise SystemExit(f"The function ended at once, with {process.returncode}; start it by hand to see why.")
            if time.monotonic() > deadline:
                raise SystemExit("The function never asked for an event.")
        return self._asked_at

    def invoke(self, request_id: str, event: bytes) -> tuple[str, bytes]:
        self._events.put((request_id, event))
        return self._answers.get(timeout=_ANSWERS_WITHIN_SECONDS)

    def process_ends(self) -> None:
        """Lets go of the question that the process waits with."""
        self._events.put(None)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next_event(self) -> tuple[str, bytes] | None:
        events = self._events
        if not self._asked.is_set():
            self._asked_at = time.perf_counter()
            self._asked.set()
        return events.get()

    def take_answer(self, path: str, body: bytes) -> None:
        self._answers.put((path, body))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # A function that is stopped leaves its connections as they are.


def _handler_of(runtime: _RuntimeApi):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without these two, Nagle's algorithm and delayed acknowledgements add 40 ms that Lambda does not have.
        disable_nagle_algorithm = True
        wbufsize = 65536

        def do_GET(self):
            event = runtime.next_event()
            if event is None:
                self.close_connection = True
                return
            request_id, body = event
            headers = {
                "Lambda-Runtime-Aws-Request-Id": request_id,
                "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:bench",
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
            }
            self._answer(200, headers, body)

        def do_POST(self):
            runtime.take_answer(self.path, self._body())
            self._answer(202, {"Content-Length": "0"}, b"")

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler
