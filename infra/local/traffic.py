"""People who write and admins who call while something is done to the local stack, and what became of each message and call."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from itertools import count

import simulator
from console import StepFailed
from settings import API, LOGS, SIMULATOR

# The text of each message has a word of its own, which the demo agent quotes.
_WORD = "parcel"
_PAUSE_SECONDS = 0.5
# Every so many messages are somebody's first.
_STRANGER_EVERY = 6
# How long the stack may take to answer the last message. One person's messages at a connector are answered one after the other, and some
# platforms take a text a second.
SETTLE_SECONDS = 600
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Sent:
    """A message."""

    connector_id: str
    user_id: str
    text: str
    is_answered: bool  # whether the agent answers it; else the person waits for a decision


@dataclass(frozen=True)
class Called:
    """A call to the API or to a webhook."""

    at: float  # time.monotonic()
    route: str
    status: int  # 0 for no answer


@dataclass
class Traffic:
    """Writes and calls until it is stopped."""

    stack: dict
    sent: list[Sent] = field(default_factory=list)
    called: list[Called] = field(default_factory=list)
    added: list[str] = field(default_factory=list)  # ids of users that the API said it added
    webhooks: list[Called] = field(default_factory=list)  # attempts of platforms to deliver a message
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._numbers = count(1)
        self._known: dict[str, str] = {}
        self._threads = [threading.Thread(target=self._run, args=(work,), daemon=True) for work in (self._write, self._call)]

    def start(self) -> None:
        """Writes and calls in the background, once somebody is known at each open connector."""
        self.greet()
        for thread in self._threads:
            thread.start()

    def greet(self) -> None:
        """Lets somebody new write at each open connector."""
        for ids in self.stack["connectors"].values():
            connector_id = ids["open_connector_id"]
            self._known[connector_id] = simulator.post("users", {"name": f"Known at {connector_id[-4:]}"})["user_id"]
            self.send(connector_id, self._known[connector_id], is_answered=True)

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def send(self, connector_id: str, user_id: str, is_answered: bool) -> None:
        """Lets a person write. The platform tries again by itself when the webhook does not take it."""
        text = f"{_WORD}{next(self._numbers)}x"
        self.sent.append(Sent(connector_id, user_id, text, is_answered))
        answer = simulator.post("messages", {"connector_id": connector_id, "user_id": user_id, "channel": "im", "text": text})
        for delivery in answer["deliveries"]:
            self.webhooks += [Called(time.monotonic(), f"webhook of {connector_id}", attempt["status"] or 0) for attempt in delivery["attempts"]]

    def _run(self, work) -> None:
        for turn in count():
            if self._stopped.wait(_PAUSE_SECONDS):
                return
            try:
                work(turn)
            except StepFailed as failure:
                self.trouble.append(str(failure))

    def _write(self, turn: int) -> None:
        connectors = list(self.stack["connectors"].values())
        ids = connectors[turn % len(connectors)]
        if turn % _STRANGER_EVERY == 0:
            stranger = simulator.post("users", {"name": f"Stranger {turn}"})["user_id"]
            self.send(ids["connector_id"], stranger, is_answered=False)
        else:
            self.send(ids["open_connector_id"], self._known[ids["open_connector_id"]], is_answered=True)

    def _call(self, turn: int) -> None:
        project = f"/v1/projects/{self.stack['project_id']}"
        lists = ("access-requests", "chat-users", "conversations", "connectors", "environments", "end-users")
        if turn % 4:
            self.request("GET", f"{project}/{lists[turn % len(lists)]}")
            return
        person = {"first_name": "Added", "last_name": f"{turn}", "environment_ids": [self.stack["environment_id"]]}
        status, body = self.request("POST", f"{project}/end-users", {**person, "phone": f"+49151{10_000_000 + turn}"})
        if status == 201:
            self.added.append(body["id"])

    def request(self, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
        """Calls the API and records the status."""
        status, answer = ask(self.stack["api_key"], method, path, body)
        self.called.append(Called(time.monotonic(), f"{method} {path}", status))
        return status, answer

    def wait_for_answers(self) -> None:
        """Waits until each message has its answer, and fails if one has none or more than one."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while wrong := self._unanswered():
            if time.monotonic() > deadline:
                raise StepFailed(f"{len(wrong)} of {len(self.sent)} messages were not answered once: {wrong[:5]}", log=LOGS / "functions.log")
            time.sleep(1)

    def _unanswered(self) -> list[str]:
        """The messages that are lost so far, and those that were answered twice."""
        seen = {}
        wrong = []
        for message in self.sent:
            place = (message.user_id, message.connector_id)
            if place not in seen:
                seen[place] = said_to(*place)
            texts = seen[place]
            # A stranger gets the onboarding message, once.
            answers = [text for text in texts if text != message.text and (message.text in text or not message.is_answered)]
            if len(answers) != 1:
                wrong.append(f"{message.text} at {message.connector_id}: {len(answers)} answers")
        return wrong


def said_to(user_id: str, connector_id: str) -> list[str]:
    """Texts that a person sees in their conversation with a connector, their own included."""
    with _OPENER.open(f"{SIMULATOR.url}/_control/users/{user_id}/messages?connector_id={connector_id}", timeout=30) as response:
        return [message["plain_text"] for message in json.load(response)["messages"]]


def ask(key: str | None, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
    """Calls the API. Returns the status, 0 for no answer, and the body."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(API.url + path, method=method, headers=headers, data=json.dumps(body).encode() if body is not None else None)
    try:
        with _OPENER.open(request, timeout=30) as response:
            status, content = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, content = error.code, error.read()
    except (OSError, http.client.HTTPException):
        return 0, {}
    try:
        answer = json.loads(content)
    except ValueError:
        answer = {}
    return status, answer if isinstance(answer, dict) else {}


def everything(stack: dict) -> dict[str, dict[str, dict]]:
    """All records of the account and the demo project that the API lists, by list and id."""
    project = f"/v1/projects/{stack['project_id']}"
    of_project = ("access-requests", "chat-users", "conversations", "connectors", "environments", "end-users")
    paths = [*(f"{project}/{name}" for name in of_project), "/v1/projects", "/v1/members", "/v1/invitations", "/v1/api-keys", "/v1/clients", "/v1/login-methods"]
    return {path: _listed(stack["api_key"], path) for path in paths}


def _listed(key: str, path: str) -> dict[str, dict]:
    found: dict[str, dict] = {}
    cursor = ""
    while True:
        status, page = ask(key, "GET", f"{path}?limit=100{cursor}")
        if status == 400 and not cursor:
            # A list that is always whole.
            status, page = ask(key, "GET", path)
        if status != 200:
            raise StepFailed(f"GET {path} was answered {status}.", log=LOGS / "functions.log")
        found |= {item["id"]: item for item in page["items"]}
        if not page.get("next_cursor"):
            return found
        cursor = f"&cursor={page['next_cursor']}"
