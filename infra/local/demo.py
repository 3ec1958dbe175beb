"""A project to try: made through the admin API, as any caller would, with secrets that are new in every run."""

import base64
import json
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass

from console import StepFailed
from settings import AGENT, API, LOGS

ONBOARDING_MESSAGE = (
    "Thanks for writing! Someone at Acme is reviewing your request; you can expect an answer within one working day. "
    "If it is urgent, write to help@acme.example."
)
_TEAM_ID = "T0DEMOACME"
_BOT_USER_ID = "U0VESTIBULE"


@dataclass(frozen=True)
class Demo:
    """What the demo made, and what the other programs need of it."""

    account_id: str
    api_key: str
    project_id: str
    environment_id: str
    agent_signing_secret: str
    slack_apps: tuple[dict[str, str], ...]  # as the simulator's configuration has them

    @property
    def connector_id(self) -> str:
        return self.slack_apps[0]["connector_id"]

    @property
    def open_connector_id(self) -> str:
        return self.slack_apps[1]["connector_id"]


def create(setup_token: str) -> Demo:
    """Makes the first account and, in it, a project with an agent and two Slack connectors."""
    account = _call("POST", "/v1/setup", None, {"setup_token": setup_token, "account_name": "Acme"})
    key = account["api_key"]["key"]
    project = _call("POST", "/v1/projects", key, {"name": "Demo"})
    environments = _call("GET", f"/v1/projects/{project['id']}/environments", key)["items"]
    development = next((environment for environment in environments if environment["name"] == "Development"), None)
    if development is None:
        raise StepFailed("The new project has no environment named Development.")
    signing_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    agent = {"agent": {"endpoint": f"{AGENT.url}/deliveries", "signing_secret": signing_secret}}
    _call("PATCH", f"/v1/projects/{project['id']}/environments/{development['id']}", key, agent)
    apps = (
        _slack_connector(key, project["id"], development["id"], "Acme Slack", "A0DEMOACME", {"policy": "OnBoarding", "onboarding_message": ONBOARDING_MESSAGE}),
        _slack_connector(key, project["id"], development["id"], "Acme Slack (open)", "A0DEMOOPEN", {"policy": "AllowAll"}),
    )
    return Demo(account["account"]["id"], key, project["id"], development["id"], signing_secret, apps)


def _slack_connector(key: str, project_id: str, environment_id: str, name: str, app_id: str, policy: dict[str, str]) -> dict[str, str]:
    slack = {
        "api_app_id": app_id,
        "team_id": _TEAM_ID,
        "signing_secret": secrets.token_hex(16),
        "bot_token": f"xoxb-{secrets.randbelow(10**12):012d}-{secrets.token_hex(12)}",
    }
    wanted = {"name": name, "provider": "slack", "environment_id": environment_id, **policy, "slack": slack}
    connector = _call("POST", f"/v1/projects/{project_id}/connectors", key, wanted)
    return {
        "connector_id": connector["id"],
        "name": name,
        "policy": policy["policy"],
        "webhook_url": connector["webhook_url"],
        "bot_user_id": _BOT_USER_ID,
        **slack,
    }


def _call(method: str, path: str, key: str | None, body: dict | None = None) -> dict:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(API.url + path, method=method, headers=headers, data=json.dumps(body).encode() if body is not None else None)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        answer = error.read().decode(errors="replace")[:600]
        raise StepFailed(
            f"{method} {path} was answered {error.code}: {answer}",
            "The function's own log, below .local/run/logs/functions.log, says why.",
            LOGS / "functions.log",
        ) from error
    except (OSError, ValueError) as error:
        raise StepFailed(f"{method} {path} was not answered: {error}", log=LOGS / "emulator.log") from error
