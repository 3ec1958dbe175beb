#!/usr/bin/env python3
"""`make bench`: how long the Slack webhook takes, and what it costs, beside what we want of it."""

import argparse
import io
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import fixture
from lambda_bench import FULL_PROCESSOR_MB, Measurements, Plan, measure, why_no_quota
from stub_aws import StubProcess

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Figure:
    """One line of the table: what, in which unit, and the most that we want of it by memory size or kind of event."""

    name: str
    unit: str
    of: object  # Measurements -> float
    most: dict  # (memory or None for any, kind or None for any) -> float

    def limit(self, memory_mb: int, kind: str) -> float | None:
        for place in ((memory_mb, kind), (memory_mb, None), (None, kind), (None, None)):
            if place in self.most:
                return self.most[place]
        return None


def worst(values: list[float]) -> float:
    return max(values)


def p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def first_answers(found: Measurements) -> list[float]:
    """Start and first event together, which is what Slack waits for."""
    return [init + first for init, first in zip(found.init_ms, found.first_ms, strict=True)]


def calls_per_event(found: Measurements) -> float:
    return found.calls.total() / max(1, len(found.warm_ms))


# The limits are PERFORMANCE.md's targets for this function.
FIGURES = (
    Figure("start", "ms, median", lambda found: median(found.init_ms), {}),
    Figure("first event", "ms, median", lambda found: median(found.first_ms), {}),
    Figure("start + first event", "ms, median", lambda found: median(first_answers(found)), {(128, None): 35}),
    Figure("start + first event", "ms, worst", lambda found: worst(first_answers(found)), {(128, None): 60}),
    Figure("event", "ms, median", lambda found: median(found.warm_ms), {(None, None): 12}),
    Figure("event", "ms, p99", lambda found: p99(found.warm_ms), {}),
    Figure("processor, start", "ms, median", lambda found: median(found.cpu_init_ms), {(None, None): 12}),
    Figure("processor, first event", "ms, median", lambda found: median(found.cpu_first_ms), {(None, None): 2}),
    Figure("processor, event", "ms, median", lambda found: median(found.cpu_event_ms), {(None, None): 1}),
    Figure("memory", "MB, peak", lambda found: worst(found.memory_mb), {(None, None): 16}),
    Figure("calls to AWS", "an event", calls_per_event, {(None, "approved"): 2, (None, "stranger"): 3, (None, "duplicate"): 1}),
    Figure("answers that were not 200", "", lambda found: found.bad_answers, {(None, None): 0}),
)
ZIP_MOST_MB = 5.0


def main() -> int:
    arguments = _arguments()
    if not arguments.program.exists():
        raise SystemExit(f"{arguments.program} is not there. Build it: cargo build --release --package webhook-slack")
    obstacle = why_no_quota()
    if obstacle:
        print(f"NOT MEASURED at Lambda's speed: {obstacle}. Times below are those of a whole processor of this machine;\n"
              "time of the processor, memory and calls are what they would be.")  # fmt: skip
    print(f"{arguments.colds} starts, {arguments.events} events each, {arguments.delay_ms:g} ms a call to AWS")
    missed = []
    with tempfile.TemporaryDirectory() as directory, StubProcess(Path(directory), "approved", arguments.delay_ms) as stub:
        for memory_mb in arguments.memory:
            found = {}
            for kind in arguments.kinds:
                stub.choose(kind)
                found[kind] = measure(_plan(arguments, stub, memory_mb, kind), is_throttled=not obstacle)
            missed += _print_table(memory_mb, found, judges_time=not obstacle)
    missed += _print_sizes(arguments.program)
    print(f"\nMissed: {'; '.join(missed)}" if missed else "\nEvery target is met.")
    return 1 if missed and arguments.strict else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, default=_ROOT / "target/release/webhook-slack", help="the function's binary")
    parser.add_argument("--memory", type=int, nargs="+", default=[128, 256], help=f"MB; from {FULL_PROCESSOR_MB} on without a quota")
    parser.add_argument("--kinds", nargs="+", choices=fixture.KINDS, default=list(fixture.KINDS), help="who writes")
    parser.add_argument("--colds", type=int, default=20, help="how often the function is started")
    parser.add_argument("--events", type=int, default=200, help="events for each start, the first included")
    parser.add_argument("--delay-ms", type=float, default=4, help="time that every call to AWS takes")
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    return parser.parse_args()


def _plan(arguments: argparse.Namespace, stub: StubProcess, memory_mb: int, kind: str) -> Plan:
    queue = f"{stub.url}/000000000000"
    environment = {
        "PATH": "/usr/bin:/bin",
        "TABLE_NAME": fixture.TABLE,
        "ONBOARDING_QUEUE_URL": f"{queue}/onboarding",
        "INBOX_QUEUE_URL": f"{queue}/inbox.fifo",
        "RUST_LOG": "INFO",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_ENDPOINT_URL": stub.url,
        "SSL_CERT_FILE": str(stub.authority),
    }
    return Plan(
        program=arguments.program,
        environment=environment,
        event=lambda number: fixture.lambda_event(kind, number),
        calls=stub.calls,
        memory_mb=memory_mb,
        colds=arguments.colds,
        events_per_cold=arguments.events,
    )


def _print_table(memory_mb: int, found: dict[str, Measurements], judges_time: bool) -> list[str]:
    """Prints the figures beside their targets; returns those that are missed."""
    missed = []
    print(f"\n{f'{memory_mb} MB':<42}" + "".join(f"{kind:>14}" for kind in found) + f"{'at most':>12}")
    for figure in FIGURES:
        line = f"  {figure.name + (f' ({figure.unit})' if figure.unit else ''):<40}"
        limits = []
        for kind, measurements in found.items():
            value = figure.of(measurements)
            most = figure.limit(memory_mb, kind)
            is_judged = judges_time or not figure.unit.startswith("ms") or figure.name.startswith("processor")
            is_missed = most is not None and is_judged and round(value, 2) > most
            if is_missed:
                missed.append(f"{figure.name}, {kind}, {memory_mb} MB: {value:.2f} > {most:g}")
            limits.append("" if most is None else f"{most:g}")
            line += f"{value:>13.2f}{'!' if is_missed else ' '}"
        print(f"{line}{limits[0] if len(set(limits)) == 1 else ' / '.join(limit or '-' for limit in limits):>12}".rstrip())
    for kind, measurements in found.items():
        calls = ", ".join(f"{count / max(1, len(measurements.warm_ms)):.2f} {name}" for name, count in sorted(measurements.calls.items()))
        print(f"  {kind}: {fixture.KINDS[kind]}; {calls} an event")
    return missed


def _print_sizes(program: Path) -> list[str]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(program, "bootstrap")
    size = len(packed.getvalue()) / 1e6
    print(f"\nThe program: {program.stat().st_size / 1e6:.1f} MB, {size:.1f} MB as a zip file (at most {ZIP_MOST_MB:g})")
    return [f"zip: {size:.1f} MB > {ZIP_MOST_MB:g}"] if size > ZIP_MOST_MB else []


if __name__ == "__main__":
    sys.exit(main())
