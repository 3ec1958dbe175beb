"""Fills a project of the demo account with people, through the admin API and the chat simulator.

Users come by the API. Strangers write to connectors that require approval, so their chat users and requests are made by webhooks and workers, as
everybody's; others talk to the demo agent through an open connector.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import accounts
import simulator
from demo import APPROVAL_NOTICES, ONBOARDING_MESSAGE, ONBOARDING_MESSAGES, Demo, call
from people import Person, people
from settings import AGENT

PROJECT = "Concierge Demo"
# At a scale of 1.
USERS, STRANGERS, TALKERS = 300, 60, 12
# A start must not take long; somebody who asks for more people waits for them.
SECONDS, SECONDS_OF_SCALE = 10, 30
# Calls at once. More are no faster on two cores.
_AT_ONCE = 6
_REQUESTS_A_MINUTE = 600
# The first and the second number are those of the accounts of the demo project.
_NUMBER_OF_ACCOUNT = 2
# Decisions of the first requests: how many, and the note.
_DECISIONS = (("approve", 8, "A guest of ours."), ("reject", 3, "Not a guest. Advertising."))


@dataclass(frozen=True)
class Filled:
    """The seeded data: the project, and the numbers."""

    path: str  # of the project in the API
    users: int
    strangers: int
    wanted: int  # users that a fast machine makes

    def __str__(self) -> str:
        cut = f" of {self.wanted} (the time for it was over)" if self.users < self.wanted else ""
        return f"{self.strangers} strangers, {self.users} users{cut}"


@dataclass(frozen=True)
class Place:
    """The project that is filled."""

    key: str
    path: str
    environment_ids: tuple[str, ...]
    gates: tuple[str, ...]  # ids of the connectors that require approval
    open_door: str  # id of the one that does not


def fill(made: Demo, scale: float) -> Filled:
    """Makes the project and its people. Stops adding after ten seconds, or after thirty times the scale if that is above 1."""
    end = time.monotonic() + (SECONDS_OF_SCALE * scale if scale > 1 else SECONDS)
    place = _open_project(made)
    crowd = people()
    strangers, talkers, users = (list(islice(crowd, round(count * scale))) for count in (STRANGERS, TALKERS, USERS))
    written = _until(end, strangers, lambda number, person: simulator.write(place.gates[number % len(place.gates)], person, 1 + number % 3))
    _decide(place, written, end)
    _until(end, talkers, lambda _, person: simulator.write(place.open_door, person, len(person.messages)))
    added = _until(end, users, lambda number, person: _add_user(place, number, person))
    return Filled(path=place.path, users=added, strangers=written, wanted=round(USERS * scale))


def _until(end: float, some: Iterable[Person], do: Callable[[int, Person], None]) -> int:
    """Does something for each person, several at once, while there is time. Returns for how many it was done."""

    def attempt(numbered: tuple[int, Person]) -> bool:
        if time.monotonic() >= end:
            return False
        do(*numbered)
        return True

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return sum(pool.map(attempt, enumerate(some)))


def _open_project(made: Demo) -> Place:
    """Makes the project, with an agent and three connectors in production."""
    key = made.api_key
    project = call("POST", "/v1/projects", key, {"name": PROJECT})
    path = f"/v1/projects/{project['id']}"
    environments = {environment["name"]: environment["id"] for environment in call("GET", f"{path}/environments", key)["items"]}
    production = environments["Production"]
    agent = {"agent": {"endpoint": f"{AGENT.url}/deliveries", "signing_secret": made.agent_signing_secret}}
    call("PATCH", f"{path}/environments/{production}", key, agent)
    texts = {"onboarding_message": ONBOARDING_MESSAGE, "onboarding_messages": ONBOARDING_MESSAGES, "approval_notices": APPROVAL_NOTICES}
    gate = {"policy": "OnBoarding", "new_requests_per_minute": _REQUESTS_A_MINUTE, **texts}
    ids = []
    for provider, policy in (("360dialog", gate), ("twilio", gate), ("telegram", {"policy": "AllowAll"})):
        platform = accounts.platform_of(provider)
        settings = {"name": f"Concierge {platform.label}", "environment_id": production, **policy}
        ids.append(simulator.open_connector(path, key, platform, _NUMBER_OF_ACCOUNT, settings))
    *gates, open_door = ids
    return Place(key, path, (production, environments["Staging"], environments["Development"]), tuple(gates), open_door)


def _add_user(place: Place, number: int, person: Person) -> None:
    """Adds a user: of production, every fifth one of all environments."""
    held = place.environment_ids if number % 5 == 0 else place.environment_ids[:1]
    names = {"first_name": person.first_name, "middle_name": person.middle_name, "last_name": person.last_name}
    call("POST", f"{place.path}/end-users", place.key, {"phone": person.phone, "email": person.email, **names, "environment_ids": held})


def _decide(place: Place, made: int, end: float) -> None:
    """Decides the first of the requests that were made, once they are listed."""
    wanted = min(made, sum(count for _, count, _ in _DECISIONS))
    while True:
        pending = call("GET", f"{place.path}/access-requests?status=pending&order=oldest&limit={wanted}", place.key)["items"]
        if len(pending) >= wanted or time.monotonic() >= end:
            break
        time.sleep(0.2)
    ids = [request["id"] for request in pending]
    for decision, count, note in _DECISIONS:
        some, ids = ids[:count], ids[count:]
        if some:
            call("POST", f"{place.path}/access-requests/decide", place.key, {"decision": decision, "ids": some, "note": note})
