"""Stands for DynamoDB, SQS, SES and KMS over TLS, for the keys that a platform publishes, and for Slack and an agent: every call is
answered after a fixed delay, as the fixture has it, and counted.

By hand: `stub_aws.py --function webhook-slack --kind approved --delay-ms 4 --directory <folder>` writes `ca.pem` to the folder, says
its URL, and serves. `GET /calls` says how often each operation was called, `PUT /world/<function>/<kind>` changes who writes, and
where, `PUT /rows` the rows of the table. `StubProcess` does all of this from a program that measures: in a process of its own, because
two threads of one Python wait for each other.
"""

import argparse
import base64
import hashlib
import json
import re
import ssl
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from threading import Lock

import fixture
from certificates import make_certificates
from platforms import PLATFORMS, Platform
from platforms.base import DOMAIN
from quick_http import Answer, Request, Server


# How a query says which partition it reads.
_PARTITION = re.compile(r"(#?\w+) = (:\w+)")
# Slack's answer to a text that it took.
_SLACK_SAYS = {"ok": True, "channel": "D0BENCH", "ts": "1795000000.000100", "message": {"ts": "1795000000.000100"}}
# The answer of SES, which alone speaks XML.
_MAIL_SENT = (
    b'<SendEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendEmailResult><MessageId>bench</MessageId></SendEmailResult>'
    b"<ResponseMetadata><RequestId>bench</RequestId></ResponseMetadata></SendEmailResponse>"
)
# Where an agent answers, and what.
AGENT_PATH = "/agent"
_AGENT_SAYS = {"replies": [{"text": "It is on its way."}]}
_EMPTY_QUEUE = dict.fromkeys(("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"), "0")


class StubProcess:
    """A stub in a process of its own."""

    def __init__(self, directory: Path, delay_ms: float):
        command = [sys.executable, __file__, "--delay-ms", str(delay_ms), "--directory", str(directory)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        said = dict(word.split("=", 1) for word in self._process.stdout.readline().split())
        self.url, self.authority = said["AWS_ENDPOINT_URL"], Path(said["SSL_CERT_FILE"])
        self._trust = ssl.create_default_context(cafile=str(self.authority))

    def __enter__(self) -> "StubProcess":
        return self

    def __exit__(self, *_) -> None:
        self._process.kill()
        self._process.wait()

    def choose(self, platform: Platform, kind: str) -> None:
        """Changes who writes, and where."""
        self._ask("PUT", f"/world/{platform.function}/{kind}")

    def hold(self, rows: list[dict]) -> None:
        """Changes the rows of the table."""
        self._ask("PUT", "/rows", json.dumps(rows).encode())

    def environment(self, platform: Platform | None = None) -> dict[str, str]:
        """The variables of a function that takes this for AWS. Each reads those that it needs."""
        queue = f"{self.url}/000000000000"
        return {
            "PATH": "/usr/bin:/bin",
            "TABLE_NAME": fixture.TABLE,
            "ONBOARDING_QUEUE_URL": f"{queue}/onboarding",
            "INBOX_QUEUE_URL": f"{queue}/inbox.fifo",
            "OUTGOING_QUEUE_URL": f"{queue}/outgoing",
            **{f"{name.upper()}_QUEUE_URL": f"{queue}/{name}" for name in ("email", "events", "index", "routing", "team")},
            "AGENT_ORIGIN_ALLOWLIST": self.url,
            "CONSOLE_URL": f"https://{DOMAIN}",
            "KMS_KEY_ID": "bench",
            "MAIL_FROM": f"bench@{DOMAIN}",
            "PLATFORM_API_URLS": f"*={self.url}",
            "PUBLIC_URL": f"https://{DOMAIN}",
            "SETUP_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:bench",
            "RUST_LOG": "INFO",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL": self.url,
            "SSL_CERT_FILE": str(self.authority),
            **(platform.environment(self.url) if platform else {}),
        }

    def calls(self) -> Counter:
        """How often each operation was called so far."""
        return Counter(self._ask("GET", "/calls"))

    def _ask(self, method: str, path: str, body: bytes | None = None) -> dict:
        with urllib.request.urlopen(urllib.request.Request(self.url + path, body, method=method), context=self._trust) as answer:
            return json.load(answer)


class AwsStub:
    """A stub; `choose` says what it knows of."""

    def __init__(self, directory: Path, delay_ms: float):
        self._rows: dict[tuple[str, str], dict] = {}
        self._delay = delay_ms / 1000
        self._calls: Counter[str] = Counter()
        self._lock = Lock()
        certificates = make_certificates(directory)
        self.authority = certificates.authority
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.leaf, certificates.leaf_key)
        self._server = Server(self._handle, context)
        self.url = f"https://localhost:{self._server.port}"
        self._documents: dict[str, dict] = {}
        for platform in PLATFORMS.values():
            self._documents |= platform.documents(self.url)

    def choose(self, platform: Platform, kind: str) -> None:
        """Changes who writes, and where, at any time."""
        self._rows = fixture.table(platform, kind)

    def hold(self, rows: list[dict]) -> None:
        """Changes the rows, at any time."""
        self._rows = fixture.by_key(rows)

    def serve(self) -> None:
        self._server.serve()

    def calls(self) -> Counter:
        """How often each operation was called so far."""
        with self._lock:
            return Counter(self._calls)

    def document(self, path: str) -> dict | None:
        """The document that a platform publishes at this path."""
        document = self._documents.get(path)
        if document:
            self._take(f"GET {path.rpartition('/')[2]}")
        return document

    def answer(self, operation: str, request: dict) -> dict:
        """AWS's answer."""
        self._take(operation)
        match operation:
            case "GetItem":
                row = self._row(request["Key"])
                return {"Item": row} if row else {}
            case "BatchGetItem":
                found = {table: self._rows_of(wanted["Keys"]) for table, wanted in request["RequestItems"].items()}
                return {"Responses": found, "UnprocessedKeys": {}}
            case "UpdateItem" if request.get("ReturnValues") == "ALL_NEW":
                # As the fixture has it: nothing is ever written.
                row = self._row(request["Key"])
                return {"Attributes": row} if row else {}
            case "Query":
                found = self._rows_under(request)
                return {"Items": found, "Count": len(found), "ScannedCount": len(found)}
            case "SendMessage":
                digest = hashlib.md5(request["MessageBody"].encode(), usedforsecurity=False).hexdigest()
                return {"MessageId": "m", "MD5OfMessageBody": digest}
            case "GetQueueAttributes":
                return {"Attributes": {"QueueArn": "arn:aws:sqs:us-east-1:000000000000:bench", **_EMPTY_QUEUE}}
            case "Decrypt":
                return {"KeyId": "bench", "Plaintext": base64.b64encode(fixture.DATA_KEY).decode(), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
            case _:
                return {}

    def _handle(self, request: Request) -> Answer:
        if request.body.startswith(b"Action=SendEmail&"):
            self._take("SendEmail")
            return Answer(200, {"Content-Type": "text/xml"}, _MAIL_SENT)
        said = self._said(request)
        headers = {
            "Content-Type": request.headers.get("content-type", "application/x-amz-json-1.0"),
            "x-amzn-RequestId": "bench",
        }
        return Answer(404 if said is None else 200, headers, json.dumps(said).encode())

    def _said(self, request: Request) -> dict | None:
        match request.method:
            case "GET":
                return self.calls() if request.path == "/calls" else self.document(request.path)
            case "PUT" if request.path == "/rows":
                self.hold(json.loads(request.body))
                return {}
            case "PUT":
                _, _, function, kind = request.path.split("/")
                self.choose(PLATFORMS[function], kind)
                return {}
            case _ if request.path.startswith("/slack/"):
                self._take(request.path.rpartition("/")[2])
                return _SLACK_SAYS
            case _ if request.path == AGENT_PATH:
                self._take("agent")
                return _AGENT_SAYS
            case _:
                operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
                return self.answer(operation, json.loads(request.body))

    def _take(self, operation: str) -> None:
        with self._lock:
            self._calls[operation] += 1
        if self._delay:
            time.sleep(self._delay)

    def _row(self, key: dict) -> dict | None:
        return self._rows.get((key["pk"]["S"], key["sk"]["S"]))

    def _rows_of(self, keys: list[dict]) -> list[dict]:
        return [row for row in map(self._row, keys) if row]

    def _rows_under(self, query: dict) -> list[dict]:
        """The rows of a partition of the table or an index, in the order of their keys, whichever the sort key asks for."""
        partition = _PARTITION.match(query["KeyConditionExpression"])
        if not partition:
            return []
        name, wanted = partition[1], query["ExpressionAttributeValues"][partition[2]]
        name = query.get("ExpressionAttributeNames", {}).get(name, name)
        return [row for _, row in sorted(self._rows.items()) if row.get(name) == wanted]


def main() -> None:
    parser = argparse.ArgumentParser(description="Stands for AWS, for a function under measurement.")
    parser.add_argument("--function", choices=PLATFORMS, default="webhook-slack", help="the function under measurement")
    parser.add_argument("--kind", choices=fixture.KINDS, default="approved", help="who writes")
    parser.add_argument("--delay-ms", type=float, default=4, help="time that every call takes")
    parser.add_argument("--directory", type=Path, required=True, help="where the certificates are written")
    arguments = parser.parse_args()
    stub = AwsStub(arguments.directory, arguments.delay_ms)
    stub.choose(PLATFORMS[arguments.function], arguments.kind)
    print(f"AWS_ENDPOINT_URL={stub.url} SSL_CERT_FILE={stub.authority}", flush=True)
    try:
        stub.serve()
    except KeyboardInterrupt:
        print(json.dumps(stub.calls()))


if __name__ == "__main__":
    main()
