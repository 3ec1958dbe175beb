"""The running chat simulator: accounts and people that it gets beside those of its configuration, and what they write."""

import json
import urllib.request

from accounts import Platform
from console import StepFailed
from demo import call, connect_one
from people import Person
from settings import LOGS, SIMULATOR


def open_connector(path: str, key: str, platform: Platform, number: int, settings: dict) -> str:
    """Makes a connector of a new account in the project at this path, and connects it. Returns its id.

    The settings have at least name, environment and policy.
    """
    fields = platform.open_account(number)
    wanted = {"provider": platform.provider, **settings, platform.provider: fields}
    connector = call("POST", f"{path}/connectors", key, wanted)
    about = {"connector_id": connector["id"], "name": settings["name"], "policy": settings["policy"], "webhook_url": connector["webhook_url"]}
    post("connectors", {"provider": platform.provider, **about, **fields, **platform.besides})
    connect_one(f"{path}/connectors/{connector['id']}", key)
    return connector["id"]


def write(connector_id: str, person: Person, messages: int) -> None:
    """Lets somebody write their first messages through a connector."""
    names = {"name": person.name, "first_name": person.first_name, "last_name": person.last_name}
    user = post("users", {**names, "phone": person.phone, "email": person.email, "language": person.language})
    for text in person.messages[:messages]:
        post("messages", {"connector_id": connector_id, "user_id": user["user_id"], "channel": "im", "text": text})


def post(path: str, body: dict) -> dict:
    """Calls the simulator's control API."""
    request = urllib.request.Request(f"{SIMULATOR.url}/_control/{path}", headers={"content-type": "application/json"}, data=json.dumps(body).encode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            return json.load(response)
    except (OSError, ValueError) as error:
        raise StepFailed(f"The simulator did not take {path}: {error}", log=LOGS / "simulator.log") from error
