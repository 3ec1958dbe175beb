#!/usr/bin/env python3
"""Takes the rows of a release: `tests/rows/take.py --commit SHA --flows target/debug/deps/flows-… > tests/rows/VERSION.json`.

A flow keeps its table in a DynamoDB of its own process. This runs some flows of the release's own build, one after the other, reads each
one's table while it runs, and keeps what the flow left in the end, or what the table held at the moment that `FLOWS` names. README.md says
how to build the flows of a commit.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = "vestibule"
# The servers that a world starts, in their order (tests/flows/world/mod.rs), by the names that the reader has for them.
DATABASE, *SERVERS = ("database", "aws", "platforms", "agent", "honest", "hostile", "database", "aws", "platforms", "agent")
# The secret part of the one API key and the one session of each table that the reader knows.
SECRET = "A" * 43
SECONDS = 120
# A moment can be too short to be seen.
ATTEMPTS = 10
# A request has to be signed; nobody checks by whom.
HEADERS = {
    "X-Amz-Target": "DynamoDB_20120810.Scan",
    "X-Amz-Date": "20270101T000000Z",
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=a/20270101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
}
# The first connector of each world.
CONNECTOR = "Acme Support"
# The credential by which a world makes its contents.
MAKER = "KEY#maker"
# Rows of which few are enough: nothing leads to them, or the worker of the search index makes them anew.
FEW = {"AUDIT": 1, "SEARCH": 0, "INDEXED": 0, "KEY": 0, "KEY_ID": 0, "KEY_USES": 0}
# Of these flows, the rows of the search index are kept, or those of API keys.
SEARCHED = "search::a_cursor_belongs_to_its_query_and_filter"
KEYED = "handoff::a_delivery_that_is_redriven_into_a_handed_off_conversation_is_recorded_and_not_asked"
# Flows, and a kind of row that the table must have at the moment that is taken; none for the end.
FLOWS = (
    ("preapproval::a_connector_that_does_not_heed_the_list_asks_unless_it_answers_the_list_alone", ""),
    ("recovery::a_login_that_nobody_proved_is_not_raised_and_the_mailed_link_ends_what_was_set_in_it", ""),
    (KEYED, ""),
    ("single_sign_on::a_trial_taken_back_at_the_moment_of_single_sign_on_only_leaves_a_way_in", ""),
    ("environments_in_use::a_second_environment_is_deleted_once_the_first_is_taken_from_everybody", "ERASURES / ERASURE"),
    ("imports::columns_that_nobody_knows_are_mapped_without_sending_the_file_again", "IMPORTS / RUNNING"),
    ("webhook::an_authentic_body_that_cannot_be_read_is_kept_once_and_acknowledged", "DEAD_LETTERS / "),
    ("teams::a_team_is_created_once_whatever_the_case_of_its_name_and_whoever_asks", ""),
    ("end_users_linked::a_block_of_a_chat_user_outlives_the_user_who_is_erased_with_them", ""),
    ("connector_setup::a_test_says_that_a_connector_works_and_changes_nothing_but_the_audit_log", "LAST_TEST"),
    ("agent_endpoint::a_test_says_what_is_wrong_with_an_agent_that_answers", "AGENT_TESTS"),
    ("routing::a_conversation_that_nobody_can_take_waits_and_blocks_none_behind_it", "HELD#* / CASE"),
    ("notices::a_job_that_comes_twice_or_to_two_workers_at_once_makes_one_mail", ""),
    ("mail_events::an_event_that_comes_before_the_outcome_of_its_call_is_not_lost", ""),
    ("quotas::a_flood_beyond_the_limit_costs_one_read_and_one_update_a_message", ""),
    ("whatsapp::somebody_known_by_number_is_the_same_when_the_other_id_comes_and_when_the_number_is_hidden", ""),
    ("roles::a_role_is_made_changed_and_deleted_once_nobody_holds_it", ""),
    ("admin::a_connector_is_made_changed_and_deleted_and_shows_no_secret", ""),
    ("breaker::a_message_that_waited_too_long_is_given_up_as_a_row_and_later_ones_arrive", ""),
    ("agent_api::a_call_made_twice_with_one_key_is_made_once_and_answered_alike", ""),
    ("api_channels::a_connector_names_a_channel_of_the_account_and_an_address_that_is_public", ""),
    (SEARCHED, ""),
    ("expiry::a_decision_counts_until_the_request_is_closed", ""),
    ("lifecycle::the_message_that_waited_goes_to_the_agent_once_after_the_notice", "HELD_MESSAGE"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commit", required=True, help="the commit of which the flows were built")
    parser.add_argument("--flows", required=True, type=Path, help="their test binary")
    arguments = parser.parse_args()
    tables = []
    for flow, moment in FLOWS:
        seen = (watch(arguments.flows.resolve(), flow, moment) for _ in range(ATTEMPTS))
        ports, rows = next(filter(None, seen), ([], []))
        if not rows:
            sys.exit(f"{flow}: its table was never seen with {moment or 'a row'}")
        tables.append(table(flow, ports, rows))
        print(f"{len(tables[-1]['rows']):4} rows  {flow}", file=sys.stderr)
    kinds = sorted({kind(row) for entry in tables for row in entry["rows"]})
    print(f"{len(kinds)} kinds of rows:", *kinds, sep="\n  ", file=sys.stderr)
    write(arguments.commit, tables)
    return 0


def watch(binary: Path, flow: str, moment: str) -> tuple[list[int], list[dict]] | None:
    """Runs a flow. Returns the ports of its servers, and the last rows that were seen with this kind of row among them, if any."""
    running = subprocess.Popen([binary, "--exact", flow, "--test-threads", "1"], cwd=ROOT / "tests", stdout=subprocess.DEVNULL)
    ports: list[int] = []
    kept = None
    deadline = time.monotonic() + SECONDS
    while running.poll() is None:
        if time.monotonic() > deadline:
            running.kill()
            sys.exit(f"{flow} does not end")
        try:
            found = listeners(running.pid)
            if len(found) > len(SERVERS):
                ports = found
            rows = scan(ports[0]) if ports else []
            if rows and (any(moment in kind(row) for row in rows) if moment else is_at_rest(rows)):
                kept = rows
        except (OSError, ValueError):
            # The flow has just ended.
            pass
        time.sleep(0.004)
    return (ports, kept) if kept and running.returncode == 0 else None


def is_at_rest(rows: list[dict]) -> bool:
    """Whether nothing is about to be said to anybody whom only the flow's own simulator knows."""
    return not any("OUTBOX#onboard" in row.get("outbox_pk", {}).get("S", "") for row in rows)


def listeners(pid: int) -> list[int]:
    """Ports on which a process listens, in the order in which it began to."""
    inodes = set()
    for descriptor in os.scandir(f"/proc/{pid}/fd"):
        target = os.readlink(descriptor.path)
        if target.startswith("socket:["):
            inodes.add(int(target[8:-1]))
    fields = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    of_it = sorted((int(field[9]), int(field[1].rsplit(":", 1)[1], 16)) for field in fields if field[3] == "0A" and int(field[9]) in inodes)
    return [port for _, port in of_it]


def scan(port: int) -> list[dict]:
    """All rows of the table of the database on this port."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    rows, start = [], {}
    while True:
        asked = json.dumps({"TableName": TABLE, **start}).encode()
        with opener.open(urllib.request.Request(f"http://127.0.0.1:{port}/", asked, HEADERS), timeout=5) as response:
            page = json.load(response)
        rows += page["Items"]
        if "LastEvaluatedKey" not in page:
            return rows
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def kind(row: dict) -> str:
    """A row's kind: its keys, with a star for each part that varies."""
    parts: list[str] = []
    for part in row["pk"]["S"].split("#"):
        is_chosen = parts[-1:] and parts[-1] in ("DESK", "AUDIT_BY", "AUDIT_ON")
        parts.append(part if re.fullmatch(r"[A-Z_]+|[a-z_]{3,}", part) and not is_chosen else "*")
    word = re.match(r"[A-Z_]{3,}(?![a-z0-9])", row["sk"]["S"])
    return "#".join(parts) + " / " + (word[0] if word else "*")


def table(flow: str, ports: list[int], rows: list[dict]) -> dict:
    """The entry of a flow: few of the rows of which few are enough, without addresses and secrets."""
    rows = sorted(rows, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))
    counts: dict[str, int] = {}
    kept = []
    for row in rows:
        words = set(re.findall(r"[A-Z_]+", kind(row)))
        few = next((name for name in FEW if name in words), None)
        whole = {SEARCHED: ("SEARCH", "INDEXED"), KEYED: ("KEY", "KEY_ID", "KEY_USES")}.get(flow, ())
        if few is None or few in whole or row["sk"]["S"] == MAKER:
            kept.append(row)
            continue
        counts[few] = counts.get(few, 0) + 1
        if counts[few] <= FEW[few]:
            kept.append(row)
    text = json.dumps(kept)
    for port, server in zip(ports[1:], SERVERS, strict=False):
        text = text.replace(f"127.0.0.1:{port}", f"{{{server}}}")
    for known, token in credentials(kept):
        text = text.replace(known, hashlib.sha256(token.encode()).hexdigest())
    platform = next(row["provider"]["S"] for row in kept if row["sk"]["S"] == "CONNECTOR" and row["name"]["S"] == CONNECTOR)
    return {"flow": flow, "platform": platform, "now_ms": latest(kept) + 60_000, "rows": json.loads(text)}


def credentials(rows: list[dict]) -> list[tuple[str, str]]:
    """The hashes of a key and a session, and the tokens that take their places."""
    found = []
    for prefix, token in (("KEY#", "vst_{}_"), ("SESSION#", "vss_{}_")):
        ending = f"#{prefix}" if prefix == "SESSION#" else ""
        for row in rows:
            pk, sk = row["pk"]["S"].split("#"), row["sk"]["S"]
            is_one = sk.startswith(prefix) and len(sk) == len(prefix) + 64 and "created_at" in row
            if is_one and (not ending or pk[-1] == "SESSIONS"):
                found.append((sk.removeprefix(prefix), token.format(pk[1]) + SECRET))
                break
    return found


def latest(rows: list[dict]) -> int:
    """The latest time, in milliseconds, at which a row was made or changed."""
    times = re.findall(r'"(?:created_at|updated_at|handled_at|at|made_at|sent_at)": \{"S": "(\d{4}-\d\d-\d\dT[\d:.]+)Z"', json.dumps(rows))
    moments = [datetime.fromisoformat(text).replace(tzinfo=timezone.utc) for text in times]
    return round(max(moments).timestamp() * 1000)


def meaning(value: object) -> object:
    """A row with each sealed secret left out: the same secret sealed twice makes two texts."""
    if isinstance(value, dict):
        return "sealed" if "wrapped_key" in value and "fields" in value else {name: meaning(part) for name, part in sorted(value.items())}
    return [meaning(part) for part in value] if isinstance(value, list) else value


def write(commit: str, tables: list[dict]) -> None:
    """Prints the release: its rows, one a line, each row once, and the numbers of the rows of each table."""
    lines: list[str] = []
    known: dict[str, int] = {}
    for entry in tables:
        numbers = []
        for row in entry["rows"]:
            name = json.dumps(meaning(row))
            if name not in known:
                known[name] = len(lines)
                lines.append(json.dumps(row, separators=(",", ":"), sort_keys=True))
            numbers.append(known[name])
        entry["rows"] = numbers
    print(f'{{"commit": "{commit}", "tables": [')
    print(",\n".join(json.dumps(entry, separators=(",", ":")) for entry in tables))
    print('], "rows": [')
    print(",\n".join(lines))
    print("]}")


if __name__ == "__main__":
    sys.exit(main())
