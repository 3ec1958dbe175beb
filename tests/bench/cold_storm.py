#!/usr/bin/env python3
"""`make load`: fifty processes of webhook-slack are started at once, and each gets one event.

So does Lambda when a platform sends many messages after a pause. All must answer right. Times are those of this machine, which has
fewer processors than functions: compare them within one machine.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from statistics import median
from threading import Thread

import fixture
from platforms import PLATFORMS
from runtime_api import RuntimeApi
from stub_aws import StubProcess

_ROOT = Path(__file__).resolve().parents[2]
_PLATFORM = PLATFORMS["webhook-slack"]
_MEMORY_MB = 128
# Calls of AWS that the events need; each process also reads the stack's data key and decrypts it once.
_CALLS = {"approved": ("BatchGetItem", "SendMessage"), "stranger": ("BatchGetItem", "TransactWriteItems", "SendMessage")}
_KEY = "Decrypt"


@dataclass
class Cold:
    """One process: when it asked for its event and was done, in seconds since all were started, and its answer."""

    runtime: RuntimeApi
    asked: float = 0.0
    answered: float = 0.0
    answer: str = "none"

    @property
    def is_right(self) -> bool:
        return self.answer.startswith("response ") and '"statusCode":200,' in self.answer


def main() -> int:
    arguments = _arguments()
    faults = []
    with tempfile.TemporaryDirectory() as directory, StubProcess(Path(directory), arguments.delay_ms) as stub:
        for kind in _CALLS:
            faults += _storm(arguments, stub, kind)
    print("\nFaults:\n  " + "\n  ".join(faults) if faults else "\nNothing is wrong.")
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=50, help="processes that start at once")
    parser.add_argument("--delay-ms", type=float, default=4, help="time that every call to AWS takes")
    parser.add_argument("--program", type=Path, default=_ROOT / "target/release/webhook-slack", help="the function's binary")
    arguments = parser.parse_args()
    if not arguments.program.exists():
        raise SystemExit(f"{arguments.program} is missing. Build: cargo build --release --package webhook-slack")
    return arguments


def _storm(arguments: argparse.Namespace, stub: StubProcess, kind: str) -> list[str]:
    """Starts all of them, and returns what was wrong."""
    stub.choose(_PLATFORM, kind)
    calls_before = stub.calls()
    colds = [Cold(RuntimeApi()) for _ in range(arguments.processes)]
    began = time.perf_counter()
    processes = [cold.runtime.start(arguments.program, stub.environment(_PLATFORM) | cold.runtime.environment(_MEMORY_MB)) for cold in colds]
    try:
        waiting = [
            Thread(target=_one_event, args=(cold, process, kind, str(number), began))
            for number, cold, process in zip(itertools.count(), colds, processes)
        ]
        for thread in waiting:
            thread.start()
        for thread in waiting:
            thread.join()
    finally:
        for cold, process in zip(colds, processes, strict=True):
            cold.runtime.process_ends()
            process.kill()
            process.wait()
            cold.runtime.stop()
    _print_times(kind, colds)
    return [
        *(f"{kind}: {cold.answer}" for cold in colds if not cold.is_right),
        *_wrong_calls(kind, len(colds), stub.calls() - calls_before),
    ]


def _one_event(cold: Cold, process, kind: str, number: str, began: float) -> None:
    try:
        cold.asked = cold.runtime.wait_for_first_question(process) - began
        path, body = cold.runtime.invoke(number, fixture.lambda_event(_PLATFORM, kind, f"{kind.upper()}{number}"))
        cold.answer = f"{path.rpartition('/')[2]} {body[:200].decode(errors='replace')}"
    except (SystemExit, Empty) as ended:
        cold.answer = repr(ended)
    cold.answered = time.perf_counter() - began
    if cold.is_right:
        cold.runtime.wait_until_idle()


def _print_times(kind: str, colds: list[Cold]) -> None:
    for what, seconds in (("start", [cold.asked for cold in colds]), ("start + first event", [cold.answered for cold in colds])):
        print(f"  {kind:<10}{what:<22}median {median(seconds) * 1000:>7.0f} ms, slowest {max(seconds) * 1000:>7.0f} ms", flush=True)


def _wrong_calls(kind: str, count: int, made: Counter) -> list[str]:
    return [
        f"{kind}: {made[operation]} {operation}, and {count} processes need {count}"
        for operation in (*(name for name in _CALLS[kind] if name != "BatchGetItem"), _KEY)
        if made[operation] != count
    ]


if __name__ == "__main__":
    sys.exit(main())
