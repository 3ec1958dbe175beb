#!/usr/bin/env python3
"""Calls every operation of infra/openapi.json on the running local stack, as a member with a session and with an API key.

schemathesis makes the calls from the document, right ones and wrong ones, and checks every answer: no server error, nothing that the
document does not describe, nothing without authentication that needs it. They are made in an account of their own. PROOF=full makes
thousands of calls; otherwise it is a sample of a few minutes. `make fuzz-api` runs it with the stack of `make run`, also twice in a row.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DOCUMENT = ROOT / "infra" / "openapi.json"
LOCAL = ROOT / ".local"
PROGRAM = LOCAL / "api" / "bin" / "schemathesis"
STACK = Path(os.environ.get("VESTIBULE_STACK") or LOCAL / "stack.json")
LOGS = LOCAL / "run" / "logs" / "api"

SESSION, KEY = "session", "api_key"
COOKIE = "__Host-vestibule"
CONSOLE = {"X-Vestibule-Console": "1"}
# Calls after which the caller may be somebody else, or nobody: they come last.
CLOSING = re.compile(
    r"POST /v1/auth/sign-out|(PATCH|DELETE) /v1/account|POST /v1/account/.*|DELETE /v1/me(/sessions/.*)?|POST /v1/me/(address|accounts|delete|password).*"
    r"|DELETE /v1/api-keys/.*|(PATCH|DELETE) /v1/members/[^/]*|POST /v1/members/.*"
)
# The same cases in every run, so that a change is judged and not the draw.
SAMPLE = ["--phases", "examples,fuzzing", "--max-examples", "2", "--seed", "20260101"]
FULL = ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "25"]
# Rules that no schema says (two fields that exclude each other, a name that is taken) refuse what the schema allows.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "410", "412", "413", "415", "416", "422", "429"]
WAIT_SECONDS = 90


class Failed(Exception):
    """A failure, told without a traceback."""


@dataclass(frozen=True)
class Caller:
    """Somebody who calls: the credential of one security scheme, and what goes with every call."""

    scheme: str
    credential: str
    headers: dict[str, str] = field(default_factory=dict)

    def all_headers(self) -> dict[str, str]:
        shown = {"Cookie": f"{COOKIE}={self.credential}"} if self.scheme == SESSION else {"Authorization": f"Bearer {self.credential}"}
        return {**self.headers, **shown}

    def setting(self) -> str:
        name = "api_key" if self.scheme == SESSION else "bearer"
        return f"{{ {name} = {json.dumps(self.credential)} }}"


@dataclass
class Stack:
    """The running stack, seen by a client that knows no cookies."""

    facts: dict

    def call(self, method: str, path: str, body: dict | None = None, headers: dict[str, str] | None = None) -> tuple[dict, Message]:
        """Calls, waits if it is told to, and returns body and headers."""
        sent = {"Content-Type": "application/json", **CONSOLE, **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            request = urllib.request.Request(self.facts["api_url"] + path, method=method, headers=sent, data=data)
            try:
                with _opener().open(request, timeout=30) as response:
                    return json.load(response), response.headers
            except urllib.error.HTTPError as error:
                wait = int(error.headers.get("Retry-After") or 0)
                if error.code != 429 or time.monotonic() + wait > deadline:
                    raise Failed(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:600]}") from None
                time.sleep(wait)

    def link_to(self, address: str) -> str:
        """The link in the mail to this address, which the emulator caught."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            with _opener().open(f"{self.facts['aws_endpoint_url']}/_ministack/ses/messages", timeout=30) as response:
                accounts = json.load(response)["messages"]
            for mail in (mail for of_account in accounts.values() for mail in of_account):
                links = [word for word in mail["BodyText"].split() if word.startswith("http") and "#" in word]
                if links and address in str(mail["To"]):
                    return links[0]
            time.sleep(0.3)
        raise Failed(f"There was no mail to {address} within {WAIT_SECONDS} seconds.")


def main() -> int:
    if not STACK.exists():
        print("No local stack is running: `make run` starts it.")
        return 1
    stack = Stack(json.loads(STACK.read_text()))
    LOGS.mkdir(parents=True, exist_ok=True)
    size = FULL if os.environ.get("PROOF") == "full" else SAMPLE
    document = json.loads(DOCUMENT.read_text())
    closing = [operation["operationId"] for name, operation in operations(document) if CLOSING.fullmatch(name)]
    try:
        session, key, known = prepare(stack)
        passed = True
        for caller in (key, session):
            print(f"\n-- Every operation that leaves the caller as it is, with {caller.scheme}", flush=True)
            passed &= run(stack, caller, known, [*size, *(f"--exclude-operation-id={name}" for name in closing)])
            stack.call("GET", "/v1/projects", headers=caller.all_headers())
        for caller in (key, session):
            print(f"\n-- The other operations, with {caller.scheme}", flush=True)
            passed &= run(stack, caller, known, [*size, *(f"--include-operation-id={name}" for name in closing)])
    except Failed as failure:
        print(failure)
        return 1
    return 0 if passed else 1


def operations(document: dict):
    """Method and path of each operation, with its description."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "operationId" in operation:
                yield f"{method.upper()} {path}", operation


def prepare(stack: Stack) -> tuple[Caller, Caller, dict[str, str]]:
    """Makes an account with a super admin, who is signed in, a key of the account, and some records with their ids."""
    email = f"api-{secrets.token_hex(6)}@example.com"
    made, _ = stack.call("POST", "/v1/setup/accounts", {"setup_token": stack.facts["setup_token"], "name": "API", "admin_email": email})
    account = made["account"]["id"]
    token = (made["invitation_link"] or stack.link_to(email)).split("#", 1)[1]
    accept = {"token": token, "name": "Grace", "password": secrets.token_urlsafe(24)}
    _, headers = stack.call("POST", "/v1/auth/invitation/accept", accept)
    cookie = re.search(rf"{COOKIE}=([^;]+)", "\n".join(headers.get_all("Set-Cookie") or []))
    if not cookie:
        raise Failed("The accepted invitation opened no session.")
    session = Caller(SESSION, cookie[1], {"Vestibule-Account": account, **CONSOLE})

    def make(path: str, body: dict) -> dict:
        return stack.call("POST", path, body, session.all_headers())[0]

    permissions, _ = stack.call("GET", "/v1/permissions", headers=session.all_headers())
    every = [permission["key"] for permission in permissions["items"]]
    key = make("/v1/api-keys", {"name": "api", "permissions": every, "owner": "account"})
    project = make("/v1/projects", {"name": "API"})["id"]
    environments, _ = stack.call("GET", f"/v1/projects/{project}/environments", headers=session.all_headers())
    environment = environments["items"][0]["id"]
    slack = {"api_app_id": "A0API", "team_id": "T0API", "signing_secret": secrets.token_hex(16), "bot_token": f"xoxb-{secrets.token_hex(12)}"}
    connector = {"name": "API", "provider": "slack", "environment_id": environment, "policy": "OnBoarding", "onboarding_message": "Hello.", "slack": slack}
    known = {
        "project_id": project,
        "environment_id": environment,
        "connector_id": make(f"/v1/projects/{project}/connectors", connector)["id"],
        "client_id": make("/v1/clients", {"name": "Hooli"})["id"],
        "role_id": make("/v1/roles", {"name": "Approver", "permissions": ["access_requests.decide"]})["key"],
    }
    return session, Caller(KEY, key["key"], CONSOLE), known


def run(stack: Stack, caller: Caller, known: dict[str, str], options: list[str]) -> bool:
    """Runs schemathesis as one caller; `True` if every check passed."""
    settings = LOGS / f"{caller.scheme}.toml"
    headers = "\n".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in caller.headers.items())
    parameters = "\n".join(f'"path.{name}" = {json.dumps(value)}' for name, value in known.items())
    settings.write_text(
        f"""hooks = {json.dumps(str(HERE / "hooks.py"))}
[headers]
{headers}
[auth.openapi]
{caller.scheme} = {caller.setting()}
[parameters]
{parameters}
[checks]
positive_data_acceptance.expected-statuses = {json.dumps(["2xx", "3xx", *REFUSED])}
negative_data_rejection.expected-statuses = {json.dumps(REFUSED)}
"""
    )
    settings.chmod(0o600)
    command = [str(PROGRAM), "--config-file", str(settings), "run", str(DOCUMENT), "--url", stack.facts["api_url"]]
    command += ["--checks", "all", "--workers", "1", "--request-timeout", "30", "--max-redirects", "0", "--continue-on-failure", "--no-color", *options]
    # Warnings tell of operations that were only asked for what is not there.
    command += ["--warnings", "off", "--generation-database", "none"]
    # A proxy of the machine must not see calls to loopback.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(command, env=environment, cwd=LOGS, check=False).returncode == 0


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


if __name__ == "__main__":
    sys.exit(main())
