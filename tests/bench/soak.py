#!/usr/bin/env python3
"""`make load`: a million events through one process of webhook-slack, which may neither grow nor lose anything.

One after the other, as fast as the process takes them, in a fixed mix. Every answer is checked as it comes, and at the end what the
stub for AWS was asked. Memory and descriptors are read after a warm-up and at the end.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import fixture
from platforms import PLATFORMS
from process import Holding, holding
from runtime_api import RuntimeApi
from stub_aws import StubProcess

_ROOT = Path(__file__).resolve().parents[2]
_PLATFORM = PLATFORMS["webhook-slack"]
_MEMORY_MB = 128
_GROWTH_MOST_KIB = 1024
# Long enough for every cache to have been full: the people of a minute, and 500 connectors.
_WARM_UP = 100_000
# One process keeps a few connections, not always equally many.
_DESCRIPTORS_MORE = 4
_WRONG_SHOWN = 5
# A connector is read again when it is ten seconds old, and after a refused signature when it is one second old.
_READS_A_SECOND = 1


@dataclass(frozen=True)
class Kind:
    """One sort of event."""

    name: str
    event: Callable[[int], bytes]
    status: int
    calls: dict[str, int]  # to AWS, at least


def _refused(number: int) -> bytes:
    authentic = _PLATFORM.request(fixture.Message(f"R{number}", int(time.time())))
    return fixture.event_of(_PLATFORM, replace(authentic, body=authentic.body.replace("parcel", "purse")), str(number))


def _nowhere(number: int) -> bytes:
    authentic = _PLATFORM.request(fixture.Message(f"N{number}", int(time.time())))
    return fixture.event_of(_PLATFORM, authentic, str(number), connector_id=fixture.crockford(number + 1))


_APPROVED = Kind(
    "approved person",
    lambda number: fixture.lambda_event(_PLATFORM, "approved", f"A{number}"),
    200,
    {"BatchGetItem": 1, "SendMessage": 1},
)
_STRANGER = Kind(
    "stranger",
    lambda number: fixture.lambda_event(_PLATFORM, "stranger", f"S{number}"),
    200,
    {"BatchGetItem": 1, "TransactWriteItems": 1, "SendMessage": 1},
)
_REPEAT = Kind("repeat", lambda number: fixture.repeated_event(_PLATFORM, number), 200, {"BatchGetItem": 1})
_REFUSED = Kind("refused signature", _refused, 401, {})
_NOWHERE = Kind("unknown connector", _nowhere, 401, {"GetItem": 1})
# In this order again and again.
MIX = (
    _APPROVED, _STRANGER, _APPROVED, _REPEAT, _APPROVED, _REFUSED, _APPROVED, _REPEAT, _APPROVED, _NOWHERE,
)  # fmt: skip


@dataclass
class Findings:
    """Faults of the run, and counts of what was sent."""

    sent: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    shown: list[str] = field(default_factory=list)

    def check(self, kind: Kind, number: int, path: str, answer: bytes) -> None:
        self.sent[kind.name] += 1
        if path.endswith("/response") and f'"statusCode":{kind.status},'.encode() in answer:
            return
        self.wrong += 1
        if len(self.shown) < _WRONG_SHOWN:
            self.shown.append(f"event {number}, {kind.name}: {path.rpartition('/')[2]} {answer[:200]!r}")

    def calls(self) -> Counter[str]:
        """The calls that these events must have caused."""
        expected = Counter()
        for kind in {kind.name: kind for kind in MIX}.values():
            for operation, count in kind.calls.items():
                expected[operation] += count * self.sent[kind.name]
        return expected


def main() -> int:
    arguments = _arguments()
    runtime = RuntimeApi()
    with tempfile.TemporaryDirectory() as directory, StubProcess(Path(directory), delay_ms=0) as stub:
        stub.choose(_PLATFORM, "approved")
        process = runtime.start(arguments.program, stub.environment(_PLATFORM) | runtime.environment(_MEMORY_MB))
        try:
            runtime.wait_for_first_question(process)
            faults = _soak(arguments, runtime, stub, process.pid)
        finally:
            runtime.process_ends()
            process.kill()
            process.wait()
            runtime.stop()
    print("\nFaults:\n  " + "\n  ".join(faults) if faults else "\nNothing is wrong.")
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="events, without those of the warm-up")
    parser.add_argument("--warm-up", type=int, default=_WARM_UP, help="events before memory and descriptors are read")
    parser.add_argument("--program", type=Path, default=_ROOT / "target/release/webhook-slack", help="the function's binary")
    arguments = parser.parse_args()
    if not arguments.program.exists():
        raise SystemExit(f"{arguments.program} is missing. Build: cargo build --release --package webhook-slack")
    return arguments


def _soak(arguments: argparse.Namespace, runtime: RuntimeApi, stub: StubProcess, pid: int) -> list[str]:
    findings = Findings()
    numbers = itertools.count()
    print(f"{arguments.warm_up} events to warm up, then {arguments.events}: " + ", ".join(
        f"{count * 100 // len(MIX)} % {name}" for name, count in Counter(kind.name for kind in MIX).items()
    ))  # fmt: skip
    _send(arguments.warm_up, numbers, runtime, findings)
    # Memory and calls of the start are no event's.
    before, calls_before, sent_before = holding(pid), stub.calls(), findings.calls()
    stub_before, began = holding(stub.pid), time.monotonic()
    _print_holding("warm", before)
    for part in range(10):
        count = arguments.events * (part + 1) // 10 - arguments.events * part // 10
        part_began = time.monotonic()
        _send(count, numbers, runtime, findings)
        _print_holding(f"{(part + 1) * 10} %, {count / max(0.001, time.monotonic() - part_began):.0f} events/s", holding(pid))
    after, took = holding(pid), time.monotonic() - began
    made, expected = stub.calls() - calls_before, findings.calls() - sent_before
    stub_grew = holding(stub.pid).memory_kib - stub_before.memory_kib
    print(f"{arguments.events} events in {took:.0f} s; memory grew by {after.memory_kib - before.memory_kib} KiB (at most "
          f"{_GROWTH_MOST_KIB}), that of the stub by {stub_grew} KiB; calls to AWS: {dict(sorted(made.items()))}")  # fmt: skip
    return [*findings.shown, *_faults(findings, before, after), *_wrong_calls(made, expected, took)]


def _send(count: int, numbers, runtime: RuntimeApi, findings: Findings) -> None:
    for number in itertools.islice(numbers, count):
        kind = MIX[number % len(MIX)]
        path, answer = runtime.invoke(str(number), kind.event(number))
        findings.check(kind, number, path, answer)
    runtime.wait_until_idle()


def _print_holding(when: str, held: Holding) -> None:
    print(f"  {when:<24}{held.memory_kib:>8} KiB{held.descriptors:>6} descriptors", flush=True)


def _faults(findings: Findings, before: Holding, after: Holding) -> list[str]:
    faults = []
    if findings.wrong:
        faults.append(f"{findings.wrong} answers were wrong")
    if after.memory_kib - before.memory_kib >= _GROWTH_MOST_KIB:
        faults.append(f"memory grew from {before.memory_kib} to {after.memory_kib} KiB")
    if after.descriptors > before.descriptors + _DESCRIPTORS_MORE:
        faults.append(f"descriptors grew from {before.descriptors} to {after.descriptors}")
    return faults


def _wrong_calls(made: Counter, expected: Counter, took: float) -> list[str]:
    """The operations that were called too seldom or too often."""
    # The stub was asked once before the first event and once after the last one, and a read may fall on either.
    reads_most = expected["GetItem"] + int(took + 2) * _READS_A_SECOND
    return [
        f"{operation}: {made[operation]} calls, and the events need {expected[operation]}"
        for operation in sorted(made.keys() | expected.keys())
        if not expected[operation] <= made[operation] <= (reads_most if operation == "GetItem" else expected[operation])
    ]


if __name__ == "__main__":
    sys.exit(main())
