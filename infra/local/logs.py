"""Reads the functions' logs from CloudWatch Logs and prints one line per event."""

import json
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from threading import Event, Thread

from botocore.exceptions import BotoCoreError, ClientError

from console import dim, style

POLL_SECONDS = 0.7
# An invocation's events have its end as their time, so they can appear after later events.
OVERLAP_MS = 5_000
_COLOURS = {"ERROR": "31;1", "WARN": "33", "INFO": "32"}
_PLATFORM_LINES = ("START RequestId:", "END RequestId:", "REPORT RequestId:")
_NOT_SHOWN = {"level", "timestamp", "message", "target", "fields", "span", "spans", "filename", "line_number", "threadId", "threadName"}


class FunctionLogs:
    """Copies the functions' logs to a file, and to the terminal after `follow`."""

    def __init__(self, logs_client, groups: dict[str, str], file: Path):
        self._client = logs_client
        self._groups = groups  # log group -> short name
        self._file = file
        self._since = {group: int(time.time() * 1000) - OVERLAP_MS for group in groups}
        self._seen: dict[tuple, int] = {}
        self._stopped = Event()
        self._follow = False
        self._thread = Thread(target=self._run, daemon=True, name="function-logs")

    def start(self) -> None:
        self._thread.start()

    def follow(self) -> None:
        """Also prints to the terminal from now on."""
        self._follow = True

    def stop(self) -> None:
        """Reads once more, then ends the thread."""
        self._stopped.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        with self._file.open("a") as file:
            last = False
            while not last:
                last = self._stopped.wait(POLL_SECONDS)
                for when, name, message in sorted(self._new_events()):
                    print(_line(when, name, message, plain=True), file=file, flush=True)
                    if self._follow:
                        print(_line(when, name, message), flush=True)

    def _new_events(self):
        for group, name in self._groups.items():
            try:
                pages = self._client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=self._since[group])
                events = [event for page in pages for event in page["events"]]
            except (BotoCoreError, ClientError):
                continue  # not deployed yet, or being stopped
            alike = Counter()
            for event in events:
                when, message = event["timestamp"], event["message"].rstrip()
                self._since[group] = max(self._since[group], when - OVERLAP_MS)
                # The emulator gives events no id, so stream, time, text and a count of equal events serve as one.
                place = (event["logStreamName"], when, message)
                alike[place] += 1
                identity = (*place, alike[place])
                if identity in self._seen or not message or message.startswith(_PLATFORM_LINES):
                    continue
                self._seen[identity] = when
                yield when, name, message
        horizon = min(self._since.values()) - OVERLAP_MS
        self._seen = {event: when for event, when in self._seen.items() if when >= horizon}


def _line(when: int, name: str, message: str, plain: bool = False) -> str:
    clock = datetime.fromtimestamp(when / 1000).strftime("%H:%M:%S")
    level, text, fields = _read(message)
    shown = "  ".join(f"{key}={_value(value)}" for key, value in fields.items())
    if plain:
        return f"{clock}  {name:<18} {level:<5} {text}  {shown}".rstrip()
    return f"{dim(clock)}  {style(f'{name:<18}', '36')} {style(f'{level:<5}', _COLOURS.get(level, '2'))} {text}  {dim(shown)}".rstrip()


def _read(message: str) -> tuple[str, str, dict]:
    """Level, text and fields of a log line. A line that is not JSON is only text."""
    try:
        entry = json.loads(message)
    except ValueError:
        return "", message, {}
    if not isinstance(entry, dict):
        return "", message, {}
    if "_aws" in entry:
        return "", "metrics", {key: value for key, value in entry.items() if key != "_aws"}
    inner = entry.get("fields") if isinstance(entry.get("fields"), dict) else {}
    span = entry.get("span") if isinstance(entry.get("span"), dict) else {}
    fields = {key: value for key, value in (span | inner | entry).items() if key not in _NOT_SHOWN and key != "name"}
    text = entry.get("message") or inner.get("message") or ""
    return str(entry.get("level", "")), str(text), fields


def _value(value) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if " " in text else text
