#!/usr/bin/env python3
"""`make bench`: how long the functions take, and what they cost, beside what we want of them and what Slack's frameworks take."""

import argparse
import io
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import fixture
import jobs
import peers
from lambda_bench import FULL_PROCESSOR_MB, Measurements, Plan, measure_in_turn, why_no_quota
from platforms import PLATFORMS, Platform
from stub_aws import StubProcess

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Function:
    """A function under measurement: the platform that calls it, and its binary."""

    platform: Platform
    program: Path
    against: Path | None = None  # another build of it


@dataclass(frozen=True)
class Figure:
    """One line of the table: what, in which unit, and the most that we want of it by memory size or kind of event."""

    name: str
    unit: str
    of: Callable[[Measurements], float]
    most: dict  # (memory or None for any, kind or None for any) -> float
    is_exact: bool = False  # less is no better

    def limit(self, memory_mb: int, kind: str) -> float | None:
        for place in ((memory_mb, kind), (memory_mb, None), (None, kind), (None, None)):
            if place in self.most:
                return self.most[place]
        return None

    def misses(self, value: float, limit: float) -> bool:
        # Connectors are read again every ten seconds, which is no call of any event.
        return round(value, 1) != limit if self.is_exact else round(value, 2) > limit

    def shown(self, limit: float | None) -> str:
        return "" if limit is None else f"{'=' if self.is_exact else ''}{limit:g}"


def worst(values: list[float]) -> float:
    return max(values)


def p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def first_answers(found: Measurements) -> list[float]:
    """Start and first event together, which is what the platform waits for."""
    return [init + first for init, first in zip(found.init_ms, found.first_ms, strict=True)]


def calls_per_event(found: Measurements) -> float:
    return found.calls.total() / max(1, len(found.warm_ms))


# Fewer calls are those of an event that was ignored.
CALLS = {(None, "approved"): 2, (None, "stranger"): 3, (None, "duplicate"): 1}
# The limits are the targets for every webhook.
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
    Figure("calls to AWS", "an event", calls_per_event, CALLS, is_exact=True),
    Figure("answers that were not 200", "", lambda found: found.bad_answers, {(None, None): 0}),
)
ZIP_MOST_MB = 5.0


# Parts of the measurement, in this order.
PARTS = ("webhooks", "peers", "functions")


def main() -> int:
    arguments = _arguments()
    obstacle = why_no_quota()
    if obstacle:
        print(f"NOT MEASURED at Lambda's speed: {obstacle}. Times below are those of a whole processor of this machine;\n"
              "time of the processor, memory and calls are what they would be.")  # fmt: skip
    print(f"{arguments.colds} starts, {arguments.delay_ms:g} ms a call to AWS")
    missed, failed = [], []
    with tempfile.TemporaryDirectory() as directory, StubProcess(Path(directory), arguments.delay_ms) as stub:
        if "webhooks" in arguments.parts:
            missed += _measure_webhooks(arguments, stub, is_throttled=not obstacle)
        if "peers" in arguments.parts:
            goals = _measure_peers(arguments, stub, is_throttled=not obstacle)
            missed += [f"{goal.what}: {goal.value:.2f}, {goal.wanted}" for goal in goals if not obstacle and not goal.is_met]
            failed += [goal.what for goal in goals if not obstacle and goal.is_failure]
        if "functions" in arguments.parts:
            missed += jobs.measure_functions(stub, arguments.program_dir, arguments.colds, arguments.job_events, is_throttled=not obstacle)
    print("\nMissed:\n  " + "\n  ".join(missed) if missed else "\nEvery target is met.")
    if failed:
        print("\nFAILED:\n  " + "\n  ".join(failed))
    return 1 if failed or (missed and arguments.strict) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what is measured: webhooks, Slack's frameworks, other functions")
    parser.add_argument("--functions", nargs="+", choices=PLATFORMS, help="which webhooks; all that are built, if not said")
    parser.add_argument("--program-dir", type=Path, default=_ROOT / "target/release", help="where the functions' binaries are")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another build's binaries: started in turn, and compared")
    parser.add_argument("--memory", type=int, nargs="+", default=[128, 256], help=f"MB; from {FULL_PROCESSOR_MB} on without a quota")
    parser.add_argument("--kinds", nargs="+", choices=fixture.KINDS, default=list(fixture.KINDS), help="who writes")
    parser.add_argument("--colds", type=int, default=20, help="how often each function is started")
    parser.add_argument("--events", type=int, default=200, help="events for each start of a webhook, the first included")
    parser.add_argument("--peer-events", type=int, default=20, help="the same, beside Slack's frameworks")
    parser.add_argument("--job-events", type=int, default=20, help="the same for the other functions")
    parser.add_argument("--delay-ms", type=float, default=4, help="time that every call to AWS takes")
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    return parser.parse_args()


def _functions(arguments: argparse.Namespace) -> list[Function]:
    """Those that were asked for, or all that are built; says which are not."""
    wanted = {name: arguments.program_dir / name for name in arguments.functions or PLATFORMS}
    built = {name: program for name, program in wanted.items() if program.exists()}
    missing = [name for name in wanted if name not in built]
    if missing:
        packages = " ".join(f"--package {name}" for name in missing)
        said = f"{', '.join(missing)}: not in {arguments.program_dir}. Build: cargo build --release {packages}"
        if arguments.functions or not built:
            raise SystemExit(said)
        print(f"NOT MEASURED: {said}")
    others = {name: arguments.against / name for name in built} if arguments.against else {}
    absent = [str(program) for program in others.values() if not program.exists()]
    if absent:
        raise SystemExit(f"Nothing to compare with: {', '.join(absent)} missing.")
    return [Function(PLATFORMS[name], program, others.get(name)) for name, program in built.items()]


def _measure_webhooks(arguments: argparse.Namespace, stub: StubProcess, is_throttled: bool) -> list[str]:
    """Prints the tables of the webhooks; returns the targets that they miss."""
    missed = []
    for function in _functions(arguments):
        name = function.platform.function
        print(f"\n== {name}, {arguments.events} events a start")
        missed += [f"{name}: {what}" for what in _measure_function(arguments, stub, function, is_throttled)]
    return missed


def _measure_peers(arguments: argparse.Namespace, stub: StubProcess, is_throttled: bool) -> list[peers.Goal]:
    """Prints Vestibule beside Slack's frameworks, if all are there; returns the goals."""
    program = arguments.program_dir / "webhook-slack"
    lacking = peers.missing() if program.exists() else f"{program} missing. Build: cargo build --release --package webhook-slack"
    if lacking:
        print(f"\nNOT MEASURED beside Slack's frameworks: {lacking}")
        return []
    print(f"\n== beside Slack's frameworks, {arguments.peer_events} events a start")
    return peers.compare(stub, program, arguments.colds, arguments.peer_events, arguments.delay_ms, is_throttled)


def _measure_function(arguments: argparse.Namespace, stub: StubProcess, function: Function, is_throttled: bool) -> list[str]:
    """Prints a function's tables; returns the targets that it misses."""
    missed = []
    for memory_mb in arguments.memory:
        found, others = {}, {}
        for kind in arguments.kinds:
            stub.choose(function.platform, kind)
            plan = _plan(arguments, stub, function, memory_mb, kind)
            builds = [plan] + ([replace(plan, program=function.against)] if function.against else [])
            found[kind], *other = measure_in_turn(builds, is_throttled)
            others |= {kind: it for it in other}
        missed += _print_table(memory_mb, found, judges_time=is_throttled)
        if function.against:
            _print_ratios(found, others)
    return missed + _print_sizes(function.program)


def _plan(arguments: argparse.Namespace, stub: StubProcess, function: Function, memory_mb: int, kind: str) -> Plan:
    return Plan(
        program=function.program,
        environment=stub.environment(function.platform),
        event=lambda number: fixture.lambda_event(function.platform, kind, number),
        calls=stub.calls,
        memory_mb=memory_mb,
        colds=arguments.colds,
        events_per_cold=arguments.events,
    )


def _print_table(memory_mb: int, found: dict[str, Measurements], judges_time: bool) -> list[str]:
    """Prints the figures beside their targets; returns those that are missed."""
    missed = []
    print(f"\n{f'{memory_mb} MB':<42}" + "".join(f"{kind:>14}" for kind in found) + f"{'at most':>14}")
    for figure in FIGURES:
        line = f"  {figure.name + (f' ({figure.unit})' if figure.unit else ''):<40}"
        limits = []
        for kind, measurements in found.items():
            value = figure.of(measurements)
            limit = figure.limit(memory_mb, kind)
            is_judged = judges_time or not figure.unit.startswith("ms") or figure.name.startswith("processor")
            is_missed = limit is not None and is_judged and figure.misses(value, limit)
            if is_missed:
                missed.append(f"{figure.name}, {kind}, {memory_mb} MB: {value:.2f} {'!=' if figure.is_exact else '>'} {limit:g}")
            limits.append(figure.shown(limit))
            line += f"{value:>13.2f}{'!' if is_missed else ' '}"
        print(f"{line}{limits[0] if len(set(limits)) == 1 else ' / '.join(limit or '-' for limit in limits):>14}".rstrip())
    for kind, measurements in found.items():
        calls = ", ".join(f"{count / max(1, len(measurements.warm_ms)):.2f} {name}" for name, count in sorted(measurements.calls.items()))
        print(f"  {kind}: {fixture.KINDS[kind]}; {calls} an event")
    return missed


def _print_ratios(found: dict[str, Measurements], others: dict[str, Measurements]) -> None:
    """Prints each figure of this build as a share of the other build's; the starts of both alternated."""
    print(f"\n{'  against the other build':<42}" + "".join(f"{kind:>14}" for kind in found))
    for figure in FIGURES:
        ratios = []
        for kind, measurements in found.items():
            other = figure.of(others[kind])
            ratios.append(f"{figure.of(measurements) / other:.3f}" if other else "-")
        print(f"  {figure.name + (f' ({figure.unit})' if figure.unit else ''):<40}" + "".join(f"{ratio:>13} " for ratio in ratios).rstrip())


def _print_sizes(program: Path) -> list[str]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(program, "bootstrap")
    size = len(packed.getvalue()) / 1e6
    print(f"\nThe program: {program.stat().st_size / 1e6:.1f} MB, {size:.1f} MB as a zip file (at most {ZIP_MOST_MB:g})")
    return [f"zip: {size:.1f} MB > {ZIP_MOST_MB:g}"] if size > ZIP_MOST_MB else []


if __name__ == "__main__":
    sys.exit(main())
