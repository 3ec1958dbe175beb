#!/usr/bin/env python3
"""Prints the cost on AWS of messages, decided requests and people kept, in dollars by part; `--json` prints counts and dollars for programs.

The counts are those of `tests/costs.json`, which the flow tests write and compare. Everything else is in the tables below.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COUNTS = ROOT / "tests" / "costs.json"
TEMPLATE = ROOT / "template.yaml"

# Dollars in us-east-1 in the first tier, without free tiers and discounts. Compare them with the pages of their sources before a figure is
# promised to anybody.
PRICES = {
    "API Gateway, HTTP API, a call": 1.00 / 1e6,
    "Lambda, an invocation": 0.20 / 1e6,
    "Lambda, a GB-second on x86_64": 0.0000166667,
    "DynamoDB, a read unit on demand": 0.125 / 1e6,
    "DynamoDB, a write unit on demand": 0.625 / 1e6,
    "DynamoDB, a GB-month": 0.25,
    "DynamoDB, a GB-month of point-in-time recovery": 0.20,
    "SQS, a request": 0.40 / 1e6,
    "SQS, a request of a FIFO queue": 0.50 / 1e6,
    # In the plan Essentials, which AWS accounts have that begin with SES after July 2026. Older accounts, and those that leave the plan, pay
    # 0.10 à la carte.
    "SES, a mail": 0.16 / 1e3,
    "CloudWatch Logs, a GB": 0.50,
}
CHECKED = "2026-11-30"
# By service: the page with its prices, and the latest date of the figures that confirm them.
SOURCES = {
    "API Gateway": ("https://aws.amazon.com/api-gateway/pricing/", "2026-09-20"),
    "Lambda": ("https://aws.amazon.com/lambda/pricing/", "2026-05-05"),
    "DynamoDB": ("https://aws.amazon.com/dynamodb/pricing/on-demand/", "2025-07-21"),
    "SQS": ("https://aws.amazon.com/sqs/pricing/", "2026-06-13"),
    "SES": ("https://aws.amazon.com/ses/pricing/", "2026-07-22"),
    "CloudWatch Logs": ("https://aws.amazon.com/cloudwatch/pricing/", "2025-05-01"),
}

# Assumptions where counts depend on others: milliseconds that a function waits for an AWS service in one call, that it computes, and that
# platforms and agents take in one invocation.
AWS_CALL_MS = 4
PROCESSOR_MS = 2
WAITING_MS = {"worker-onboarding": 200, "worker-outgoing": 200, "worker-delivery": 1000}
# Bytes of log lines: of a call in the API's access log, of an invocation in its function's log, with a line of a metric.
ACCESS_LOG_BYTES = 450
LOG_BYTES = 750
FIFO = {"worker-delivery", "worker-routing"}
# Mails are counted apart: one digest tells one member of a new request.
MAILS = {"a request approved": 1}
SWEEPS_A_MONTH = 60 * 24 * 30

PARTS = ["API Gateway", "Lambda", "DynamoDB reads", "DynamoDB writes", "DynamoDB indexes", "SQS", "SES", "logs"]


def memory_gb() -> float:
    found = re.search(r"^    MemorySize: (\d+)$", TEMPLATE.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise SystemExit("template.yaml has no MemorySize for all functions.")
    return int(found[1]) / 1024


def is_called(function: str) -> bool:
    """Whether the API invokes it; a queue or the scheduler invokes the others."""
    return function == "webhook" or function.startswith("admin-") or function == "auth"


def sums(event: str, functions: dict) -> dict:
    """The counts of an event over all functions."""
    total = {
        "invocations": 0,
        "http_calls": 0,
        "jobs": 0,
        "sqs_requests": 0,
        "fifo_requests": 0,
        "milliseconds": 0,
        "mails": MAILS.get(event, 0),
        "read_units": 0,
        "table_write_units": 0,
        "index_write_units": 0,
    }
    for function, step in functions.items():
        calls = step["calls"]
        invocations = step["invocations"]
        total["invocations"] += invocations
        total["jobs"] += calls.get("SQS.SendMessage", 0)
        total["milliseconds"] += AWS_CALL_MS * sum(calls.values())
        total["milliseconds"] += invocations * (PROCESSOR_MS + WAITING_MS.get(function, 0))
        total["mails"] += sum(count for call, count in calls.items() if call.startswith("SES."))
        total["sqs_requests"] += sum(count for call, count in calls.items() if call.startswith("SQS."))
        if is_called(function):
            total["http_calls"] += invocations
        elif function.startswith("worker-"):
            # Lambda receives the job and deletes it.
            total["fifo_requests" if function in FIFO else "sqs_requests"] += 2 * invocations
        if function in FIFO:
            # Whoever sent the job is counted above as sending to a standard queue.
            total["fifo_requests"] += invocations
            total["sqs_requests"] -= invocations
        for unit in ("read_units", "table_write_units", "index_write_units"):
            total[unit] += step[unit]
    return total


def dollars(counts: dict) -> dict:
    """The cost of a million of an event by part."""
    price = PRICES
    gb_seconds = counts["milliseconds"] / 1000 * memory_gb()
    log_bytes = counts["http_calls"] * ACCESS_LOG_BYTES + counts["invocations"] * LOG_BYTES
    one = {
        "API Gateway": counts["http_calls"] * price["API Gateway, HTTP API, a call"],
        "Lambda": counts["invocations"] * price["Lambda, an invocation"] + gb_seconds * price["Lambda, a GB-second on x86_64"],
        "DynamoDB reads": counts["read_units"] * price["DynamoDB, a read unit on demand"],
        "DynamoDB writes": counts["table_write_units"] * price["DynamoDB, a write unit on demand"],
        "DynamoDB indexes": counts["index_write_units"] * price["DynamoDB, a write unit on demand"],
        "SQS": counts["sqs_requests"] * price["SQS, a request"] + counts["fifo_requests"] * price["SQS, a request of a FIFO queue"],
        "SES": counts["mails"] * price["SES, a mail"],
        "logs": log_bytes / 1e9 * price["CloudWatch Logs, a GB"],
    }
    million = {part: cost * 1e6 for part, cost in one.items()}
    return million | {"total": sum(million.values())}


def kept_dollars(space: dict) -> dict:
    """The cost of a million people for a month, by part."""
    rows, entries = space["bytes"] * 1e6 / 1e9, space["index_bytes"] * 1e6 / 1e9
    parts = {
        "rows": rows * PRICES["DynamoDB, a GB-month"],
        "entries in indexes": entries * PRICES["DynamoDB, a GB-month"],
        "point-in-time recovery": rows * PRICES["DynamoDB, a GB-month of point-in-time recovery"],
    }
    return parts | {"total": sum(parts.values())}


def show(title: str, columns: dict) -> None:
    print(f"\n{title}\n")
    parts = list(next(iter(columns.values())))
    for part in parts:
        cells = "".join(f"{column[part]:>14,.2f}" for column in columns.values())
        print(f"  {part:<24}{cells}")


def main(arguments: list[str]) -> int:
    model = json.loads(COUNTS.read_text(encoding="utf-8"))
    counts = {event: sums(event, functions) for event, functions in model["events"].items()}
    costs = {event: dollars(of_event) for event, of_event in counts.items()}
    kept = {what: kept_dollars(space) for what, space in model["kept"].items()}
    if arguments == ["--json"]:
        json.dump({"counts": counts, "dollars": costs, "kept": kept}, sys.stdout, indent=2)
        print()
        return 0
    if arguments:
        print(__doc__)
        return 2
    print("Dollars on AWS (us-east-1, on demand, x86_64, no free tier), from counted calls and units; assumptions are in infra/scripts/cost.py.")
    print(f"Prices as of {CHECKED}:")
    for service, (page, confirmed) in SOURCES.items():
        print(f"  {service:<16} {page} (figures of {confirmed})")
    for event, cost in costs.items():
        if event == "a request approved":
            show(f"A thousand times: {event}", {event: {part: value / 1e3 for part, value in cost.items()}})
        elif event == "a sweep with nothing to do":
            month = {part: value / 1e6 * SWEEPS_A_MONTH for part, value in cost.items()}
            show(f"A month of sweeps, one a minute: {event}", {event: month})
        else:
            show(f"A million times: {event}", {event: cost})
    for what, cost in kept.items():
        show(f"A million kept for a month: {what}", {what: cost})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
