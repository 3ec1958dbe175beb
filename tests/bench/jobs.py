"""The functions behind the webhooks: how long each takes to start, and for one job or call that is the same each time.

The stub never writes, so a job finds each time what it found the first time, and does all of its work again. The jobs of three workers
come late and find nothing left to do: the column "given" says so. The admin functions answer a GET with an API key, the console its page,
the sweeper finds an empty outbox.
"""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import fixture
from fixture import ACCOUNT_ID, ENVIRONMENT_ID, PROJECT_ID
from lambda_bench import Measurements, Plan, measure_in_turn, says_200
from platforms import PLATFORMS
from platforms.base import CONNECTOR_ID, DOMAIN, TEXT
from stub_aws import AGENT_PATH, StubProcess

_TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
_PLATFORM = PLATFORMS["webhook-slack"]
_ACCOUNT = {"account_id": ACCOUNT_ID}
_PROJECT = _ACCOUNT | {"project_id": PROJECT_ID}
# The rows of the table, given where the stub is.
Rows = Callable[[str], list[dict]]
# The mark of a row on which work is ordered.
_MARK = {"outbox_pk": "OUTBOX#0", "outbox_due": 0}
_MAIL_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0H"
# Something that no longer exists.
_GONE_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0Z"
# Time of the processor that a start may need, as for the webhooks.
_CPU_START_MOST_MS = 12.0


def _is_done(answer: bytes) -> bool:
    return json.loads(answer) == {"batchItemFailures": []}


def _is_swept(answer: bytes) -> bool:
    return json.loads(answer) == {"jobs": 0}


def _no_rows(_: str) -> list[dict]:
    return []


def _key_rows(_: str) -> list[dict]:
    return fixture.key_rows()


@dataclass(frozen=True)
class Job:
    """Input of a function."""

    function: str
    what: str
    event: Callable[[str], bytes]
    is_good: Callable[[bytes], bool]
    rows: Rows = _no_rows
    calls: int | None = None  # of an event after the first; others show that it is no longer this work


def _call(function: str, path: str, calls: int, query: str = "", has_key: bool = True, rows: Rows = _key_rows) -> Job:
    """A GET over HTTP, by the bearer of an API key or by anybody."""

    def event(number: str) -> bytes:
        key = {"authorization": f"Bearer {fixture.API_KEY}"} if has_key else {}
        return fixture.get_event(path, query, {"accept": "*/*", **key}, number)

    return Job(function, f"GET {path}", event, says_200, rows, calls)


def _job(function: str, what: str, body: dict | Callable[[str], dict], rows: Rows = _no_rows, calls: int | None = None) -> Job:
    """A batch of one message of the function's queue."""

    def event(number: str) -> bytes:
        said = body(number) if callable(body) else body
        return json.dumps({"Records": [_record(function, number, json.dumps(said))]}).encode()

    return Job(function, what, event, _is_done, rows, calls)


def _record(queue: str, number: str, body: str) -> dict:
    attributes = {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1795000000000",
        "SenderId": "bench",
        "ApproximateFirstReceiveTimestamp": "1795000000000",
        "MessageGroupId": number,
    }
    return {
        "messageId": str(uuid.uuid5(uuid.NAMESPACE_OID, number)),
        "receiptHandle": number,
        "body": body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "not read",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
        "awsRegion": "us-east-1",
    }


def _known_person(_: str) -> list[dict]:
    return fixture.rows_of(_PLATFORM, "duplicate")


def _person_to_be_indexed(origin: str) -> list[dict]:
    rows = _known_person(origin)
    user = next(row for row in rows if row["sk"] == "USER")
    return [*rows, {"pk": user["pk"], "sk": "INDEX", "version": 1, **_MARK}]


def _person_to_be_told(origin: str) -> list[dict]:
    to_do = {"owes": ["onboarding_message"], "onboarding_message": None, **_MARK}
    return [row | to_do if row["sk"].startswith("STANDING#") else row for row in _known_person(origin)]


def _waiting_text(_: str) -> list[dict]:
    rows = fixture.rows_of(_PLATFORM, "approved")
    place, standing = (next(row for row in rows if row["sk"].startswith(kind)) for kind in ("CONVERSATION", "STANDING#"))
    outgoing = {
        "pk": place["pk"],
        "sk": f"OUTGOING#{CONNECTOR_ID}",
        "conversation": standing["conversation"],
        "next_outgoing": 1,
        "last_outgoing": 1,
        "version": 1,
        **_MARK,
    }
    return [*rows, outgoing]


def _mail(_: str) -> list[dict]:
    now = _now()
    mail = {
        "pk": f"ACCOUNT#{ACCOUNT_ID}#MAIL#{_MAIL_ID}",
        "sk": "MAIL",
        "id": _MAIL_ID,
        "owner": _ACCOUNT,
        "to": f"ada@{DOMAIN}",
        "content": {"kind": "address_taken", "at": now},
        "status": "queued",
        "events": [],
        "tries": 0,
        "version": 1,
        "created_at": now,
        **_MARK,
    }
    return [mail]


def _mail_event() -> dict:
    """News about a mail, as the mail service sends it."""
    tags = {"vestibule-mail": [f"account-{ACCOUNT_ID}-{_MAIL_ID}"]}
    return {
        "eventType": "Delivery",
        "mail": {"messageId": "bench", "timestamp": "2026-11-01T00:00:00.000Z", "tags": tags},
        "delivery": {"timestamp": "2026-11-01T00:00:01.000Z", "smtpResponse": "250 ok"},
    }


def _approved_person(origin: str) -> list[dict]:
    return [*fixture.rows_of(_PLATFORM, "approved"), fixture.environment(origin + AGENT_PATH)]


def _message_job(number: str) -> dict:
    now = _now()
    return {
        "job": "deliver_message",
        **_AT_CONNECTOR,
        "environment_id": ENVIRONMENT_ID,
        "chat_user_id": _CHAT_USER_ID,
        "conversation": fixture.conversation(_PLATFORM),
        "text": TEXT,
        "attachments": [],
        "provider_event_id": number,
        "event_keys": [_PLATFORM.event_key(number)],
        "sent_at": now,
        "received_at": now,
    }


def _text_job(_: str) -> dict:
    text = {"number": 1, "at": _now(), "text": "It is on its way."}
    return {"job": "send_messages", **_AT_CONNECTOR, "conversation_id": fixture.conversation_id(_PLATFORM), "texts": [text]}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


_CHAT_USER_ID = fixture.chat_user_id(_PLATFORM)
_AT_CONNECTOR = _PROJECT | {"connector_id": CONNECTOR_ID}
_INDEXING = {"job": "index_record", **_PROJECT, "target": {"chat_user": _CHAT_USER_ID}}
_ONBOARDING = {"job": "onboard_chat_user", **_AT_CONNECTOR, "chat_user_id": _CHAT_USER_ID}

JOBS = (
    _call("admin-access", "/v1/projects", 2),
    _call("admin-conversations", f"/v1/projects/{PROJECT_ID}/conversations", 3),
    _call("admin-team", "/v1/clients", 3),
    _call("admin-users", f"/v1/projects/{PROJECT_ID}/end-users", 4),
    _call("auth", "/v1/auth/methods", 2, f"account={ACCOUNT_ID}", has_key=False),
    _call("console", "/console/requests", 0, has_key=False, rows=_no_rows),
    _job("email-events", "a mail arrived", _mail_event(), _mail, 2),
    Job("sweeper", "an empty outbox", lambda _: b"{}", _is_swept),
    _job("worker-delivery", "a message is answered by an agent", _message_job, _approved_person, 5),
    _job("worker-email", "a mail is sent", {"job": "send_mail", **_ACCOUNT, "mail_id": _MAIL_ID}, _mail, 6),
    _job("worker-events", "late: an event that is gone", {"job": "publish_event", **_ACCOUNT, "event_id": _GONE_ID}),
    _job("worker-index", "a person is indexed", _INDEXING, _person_to_be_indexed, 5),
    _job("worker-onboarding", "a person is told in Slack to wait", _ONBOARDING, _person_to_be_told, 7),
    _job("worker-outgoing", "a text is sent to Slack", _text_job, _waiting_text, 4),
    _job("worker-routing", "late: a conversation without a case", {"job": "offer_conversation", **_PROJECT, "conversation_id": _GONE_ID}),
    _job("worker-team", "late: a project without new requests", {"job": "send_notices", **_PROJECT}),
)


def measure_functions(stub: StubProcess, program_dir: Path, colds: int, events: int, is_throttled: bool) -> list[str]:
    """Measures every function that is built, each with the memory that the template gives it, and prints a line each; returns what is missed."""
    built = [job for job in JOBS if (program_dir / job.function).exists()]
    absent = [job.function for job in JOBS if job not in built]
    if absent:
        packages = " ".join(f"--package {name}" for name in absent)
        print(f"\nNOT MEASURED: {', '.join(absent)}: not in {program_dir}. Build: cargo build --release {packages}")
    if not built:
        return []
    print(f"\n== all other functions, {events} jobs or calls a start")
    _print_head()
    missed = []
    for job in built:
        stub.hold(job.rows(stub.url))
        plan = Plan(
            program=program_dir / job.function,
            environment=stub.environment(),
            event=job.event,
            calls=stub.calls,
            memory_mb=memory_of(job.function),
            colds=colds,
            events_per_cold=events,
            is_good=job.is_good,
        )
        found = measure_in_turn([plan], is_throttled)[0]
        _print_line(job, plan.memory_mb, found)
        missed += [f"{job.function}: {what}" for what in _missed(job, found)]
    return missed


def memory_of(function: str) -> int:
    """Memory that the template gives a function, in MB."""
    template = _TEMPLATE.read_text()
    common = re.search(r"^Globals:.*?MemorySize: (\d+)", template, re.DOTALL | re.MULTILINE)
    resource = re.search(rf"^      CodeUri: target/lambda/{re.escape(function)}/$(.*?)^  \w", template, re.DOTALL | re.MULTILINE)
    if common is None or resource is None:
        raise SystemExit(f"template.yaml does not say the memory of {function}.")
    own = re.search(r"^      MemorySize: (\d+)$", resource[1], re.MULTILINE)
    return int((own or common)[1])


_COLUMNS = (
    ("start", lambda it: median(it.init_ms)),
    ("first", lambda it: median(it.first_ms)),
    ("event", lambda it: median(it.warm_ms)),
    ("cpu start", lambda it: median(it.cpu_init_ms)),
    ("cpu first", lambda it: median(it.cpu_first_ms)),
    ("cpu event", lambda it: median(it.cpu_event_ms)),
    ("peak MB", lambda it: max(it.memory_mb)),
    ("calls", lambda it: it.calls.total() / len(it.warm_ms)),
)


def _print_head() -> None:
    print("Times in ms, medians; cpu is time of the processor; calls are those to AWS, Slack and an agent, of an event after the first.\n")
    print(f"  {'function':<21}{'MB':>5}" + "".join(f"{name:>11}" for name, _ in _COLUMNS) + "   given")


def _print_line(job: Job, memory_mb: int, found: Measurements) -> None:
    bad = f"; {found.bad_answers} BAD ANSWERS" if found.bad_answers else ""
    print(f"  {job.function:<21}{memory_mb:>5}" + "".join(f"{of(found):>11.2f}" for _, of in _COLUMNS) + f"   {job.what}{bad}", flush=True)


def _missed(job: Job, found: Measurements) -> list[str]:
    missed = [f"{found.bad_answers} answers are not those of this job"] if found.bad_answers else []
    # Connectors are read again every ten seconds, which is no call of any event.
    calls = found.calls.total() / max(1, len(found.warm_ms))
    if job.calls is not None and round(calls) != job.calls:
        missed.append(f"{calls:.2f} calls an event, and its work needs {job.calls}")
    start = median(found.cpu_init_ms)
    if start > _CPU_START_MOST_MS:
        missed.append(f"processor, start: {start:.2f} > {_CPU_START_MOST_MS:g}")
    return missed
