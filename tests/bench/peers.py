"""Slack's own frameworks beside `webhook-slack`: a stranger's first event in Vestibule, Bolt for JavaScript and Bolt for Python.

The three are started in turn, each time in a new process, under the same quota, with the same event before the same stub. Bolt does
what a team would have it do for that event, three calls to AWS in a row: claim the event, record its author, order a job. Vestibule also
reads the connector and the person, and counts the request.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import fixture
from lambda_bench import Measurements, Plan, measure_in_turn
from platforms import PLATFORMS
from stub_aws import StubProcess

_ROOT = Path(__file__).resolve().parents[2]
_LOCAL = _ROOT / ".local"
_BOLT = Path(__file__).resolve().parent / "bolt"
_NODE = _LOCAL / "tools/bin/node"
_NODE_FUNCTION = _LOCAL / "bench/bolt-node.cjs"
_PYTHON = _LOCAL / "bench-python/bin/python"
_SLACK = PLATFORMS["webhook-slack"]

VESTIBULE = "Vestibule"
MEMORY_MB = 128
# Calls that make up the floor, beside the start.
_FLOOR_CALLS = 3
# Start and first event may take so much of their floor.
_FLOOR_RATIO_MOST = 1.15
# Time of the processor that Vestibule may need.
_CPU_FIRST_MOST_MS = 1.0
_CPU_EVENT_MOST_MS = 0.7


@dataclass(frozen=True)
class Peer:
    """One framework, and how many times longer than Vestibule it takes until its first answer."""

    name: str
    goal: float
    least: float  # less is a failure
    program: Path
    arguments: tuple[str, ...]
    environment: dict[str, str]


@dataclass(frozen=True)
class Goal:
    """Goal of a figure of this run, and whether it is met."""

    what: str
    value: float
    wanted: str
    is_met: bool
    is_failure: bool = False

    @property
    def verdict(self) -> str:
        return "met" if self.is_met else "FAILED" if self.is_failure else "missed"


def missing() -> str | None:
    """Names the things that have to be installed first, if any."""
    absent = [str(file.relative_to(_ROOT)) for file in (_NODE, _NODE_FUNCTION, _PYTHON) if not file.exists()]
    return f"{', '.join(absent)} missing. Install: python3 infra/local/stack.py peers" if absent else None


def compare(stub: StubProcess, program: Path, colds: int, events: int, delay_ms: float, is_throttled: bool) -> list[Goal]:
    """Measures the three in turn, prints their figures and ratios, and returns the goals with what became of them."""
    peers = _peers(stub)
    stub.choose(_SLACK, "stranger")
    ours = Plan(
        program=program,
        environment=stub.environment(_SLACK),
        event=lambda number: fixture.lambda_event(_SLACK, "stranger", number),
        calls=stub.calls,
        memory_mb=MEMORY_MB,
        colds=colds,
        events_per_cold=events,
    )
    theirs = [replace(ours, program=it.program, arguments=it.arguments, environment=ours.environment | it.environment) for it in peers]
    found = dict(zip([VESTIBULE, *(peer.name for peer in peers)], measure_in_turn([ours, *theirs], is_throttled, warms_up=True), strict=True))
    _print_table(found, delay_ms)
    bad = {name: measurements.bad_answers for name, measurements in found.items() if measurements.bad_answers}
    if bad:
        raise SystemExit(f"Answers that were not 200: {bad}. Nothing can be compared.")
    goals = _goals(found, peers, delay_ms)
    print("\n  goals, of this run")
    for goal in goals:
        verdict = goal.verdict if is_throttled else "not judged: no quota"
        print(f"  {goal.what:<54}{goal.value:>8.2f}  {goal.wanted:<30}{verdict}")
    return goals


def _peers(stub: StubProcess) -> tuple[Peer, ...]:
    secret = {"SLACK_SIGNING_SECRET": _SLACK.secrets["signing_secret"]}
    authority = str(stub.authority)
    return (
        Peer(
            "Bolt for Node.js",
            goal=28,
            least=25,
            program=_NODE,
            arguments=(str(_BOLT / "node/runtime.cjs"), str(_NODE_FUNCTION)),
            environment=secret | {"NODE_EXTRA_CA_CERTS": authority},
        ),
        Peer(
            "Bolt for Python",
            goal=16,
            least=14,
            program=_PYTHON,
            arguments=("-m", "awslambdaric", "bolt_function.handler"),
            environment=secret | {"AWS_CA_BUNDLE": authority, "PYTHONPATH": str(_BOLT / "python")},
        ),
    )


def _first_answer(found: Measurements) -> float:
    """Start and first event together, which is what Slack waits for."""
    return median(start + first for start, first in zip(found.init_ms, found.first_ms, strict=True))


def _floor(found: Measurements, delay_ms: float) -> float:
    """Floor of the first answer: the start, and three calls in a row."""
    return median(found.init_ms) + _FLOOR_CALLS * delay_ms


def _calls_of_first(found: Measurements) -> float:
    return found.first_calls.total() / len(found.first_ms)


def _print_table(found: dict[str, Measurements], delay_ms: float) -> None:
    lines: tuple[tuple[str, Callable[[Measurements], float]], ...] = (
        ("start (ms, median)", lambda it: median(it.init_ms)),
        ("first event (ms, median)", lambda it: median(it.first_ms)),
        ("start + first event (ms, median)", _first_answer),
        (f"its floor: start + {_FLOOR_CALLS} calls of {delay_ms:g} ms", lambda it: _floor(it, delay_ms)),
        ("start + first event / floor", lambda it: _first_answer(it) / _floor(it, delay_ms)),
        (f"start + its own calls of {delay_ms:g} ms, in a row", lambda it: median(it.init_ms) + _calls_of_first(it) * delay_ms),
        ("event (ms, median)", lambda it: median(it.warm_ms)),
        ("processor, start (ms, median)", lambda it: median(it.cpu_init_ms)),
        ("processor, first event (ms, median)", lambda it: median(it.cpu_first_ms)),
        ("processor, event (ms, median)", lambda it: median(it.cpu_event_ms)),
        ("memory (MB, peak)", lambda it: max(it.memory_mb)),
        ("calls to AWS, first event", _calls_of_first),
        ("calls to AWS, event", lambda it: it.calls.total() / len(it.warm_ms)),
    )
    print(f"\n{f'{MEMORY_MB} MB, a stranger in Slack':<44}" + "".join(f"{name:>18}" for name in found) + "".join(f"{name:>24}" for name in _ratios(found)))
    ours = found[VESTIBULE]
    for name, of in lines:
        ratios = "".join(f"{of(it) / of(ours):>23.2f}x" if of(ours) else f"{'-':>24}" for it in _others(found)) if _is_compared(name) else ""
        print((f"  {name:<42}" + "".join(f"{of(it):>18.2f}" for it in found.values()) + ratios).rstrip())


def _others(found: dict[str, Measurements]) -> list[Measurements]:
    return [it for name, it in found.items() if name != VESTIBULE]


def _ratios(found: dict[str, Measurements]) -> list[str]:
    return [f"{name.removeprefix('Bolt for ')} / {VESTIBULE}" for name in found if name != VESTIBULE]


def _is_compared(line: str) -> bool:
    return "floor" not in line and "calls" not in line


def _goals(found: dict[str, Measurements], peers: tuple[Peer, ...], delay_ms: float) -> list[Goal]:
    ours = found[VESTIBULE]
    most = [
        ("start + first event / floor", _first_answer(ours) / _floor(ours, delay_ms), _FLOOR_RATIO_MOST),
        ("processor, first event (ms)", median(ours.cpu_first_ms), _CPU_FIRST_MOST_MS),
        ("processor, event (ms)", median(ours.cpu_event_ms), _CPU_EVENT_MOST_MS),
    ]
    goals = [Goal(f"{VESTIBULE}: {what}", value, f"at most {limit:g}", round(value, 2) <= limit) for what, value, limit in most]
    for peer in peers:
        ratio = _first_answer(found[peer.name]) / _first_answer(ours)
        wanted = f"at least {peer.goal:g}, never below {peer.least:g}"
        goals.append(Goal(f"start + first event, {peer.name} / {VESTIBULE}", ratio, wanted, ratio >= peer.goal, is_failure=ratio < peer.least))
    return goals
