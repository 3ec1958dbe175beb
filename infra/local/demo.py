"""Creates a demo account and project through the admin API, with new secrets in every run."""

import base64
import json
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message

import accounts
from console import StepFailed
from openid_provider import Client
from settings import AGENT, API, LOGS, OPENID

ONBOARDING_MESSAGE = (
    "Thanks for writing! Someone at Acme is reviewing your request; you can expect an answer within one working day. "
    "If it is urgent, write to help@acme.example."
)
ONBOARDING_MESSAGES = {
    "de": "Danke für Ihre Nachricht! Ihre Anfrage wird geprüft; Sie erhalten innerhalb eines Arbeitstages eine Antwort. "
    "In dringenden Fällen schreiben Sie an help@acme.example."
}
APPROVAL_NOTICES = {"de": "Gute Nachricht: Sie sind freigeschaltet. Sie können diesem Assistenten jetzt schreiben."}


@dataclass(frozen=True)
class Demo:
    """The ids and secrets of the demo project, for the other programs."""

    account_id: str
    api_key: str
    login_method_id: str
    redirect_uri: str  # to which the provider of the login method sends browsers back
    project_id: str
    environment_id: str
    agent_signing_secret: str
    connectors: dict[str, dict[str, str]]  # {provider: {"connector_id", "open_connector_id"}}
    accounts: tuple[dict[str, str], ...]  # in the form of the simulator's configuration


def create(setup_token: str, client: Client) -> Demo:
    """Creates the first account with a login method, and a project with an agent and, for each platform, a connector with approval and an open one."""
    account = call("POST", "/v1/setup", None, {"setup_token": setup_token, "account_name": "Acme"})
    account_id, key = account["account"]["id"], account["api_key"]["key"]
    provider = {"kind": "open_id_connect", "issuer": OPENID.url}
    wanted = {"name": "Acme", "provider": provider, "client_id": client.id, "client_secret": client.secret}
    login_method = call("POST", "/v1/login-methods", key, wanted)
    project = call("POST", "/v1/projects", key, {"name": "Demo"})
    environments = call("GET", f"/v1/projects/{project['id']}/environments", key)["items"]
    development = next((environment for environment in environments if environment["name"] == "Development"), None)
    if development is None:
        raise StepFailed("The new project has no environment named Development.")
    signing_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    agent = {"agent": {"endpoint": f"{AGENT.url}/deliveries", "signing_secret": signing_secret}}
    call("PATCH", f"/v1/projects/{project['id']}/environments/{development['id']}", key, agent)
    texts = {"onboarding_message": ONBOARDING_MESSAGE, "onboarding_messages": ONBOARDING_MESSAGES, "approval_notices": APPROVAL_NOTICES}
    policies = {"connector_id": {"policy": "OnBoarding", **texts}, "open_connector_id": {"policy": "AllowAll"}}
    connectors, opened = {}, []
    for platform in accounts.PLATFORMS:
        provider = platform.provider
        connectors[provider] = {}
        for number, (role, policy) in enumerate(policies.items()):
            name = f"Acme {platform.label}" + (" (open)" if number else "")
            fields = platform.open_account(number)
            wanted = {"name": name, "provider": provider, "environment_id": development["id"], **policy, provider: fields}
            made = call("POST", f"/v1/projects/{project['id']}/connectors", key, wanted)
            connectors[provider][role] = made["id"]
            about = {"connector_id": made["id"], "name": name, "policy": policy["policy"], "webhook_url": made["webhook_url"]}
            opened.append({"provider": provider, **about, **fields, **platform.besides})
    return Demo(
        account_id=account_id,
        api_key=key,
        login_method_id=login_method["id"],
        redirect_uri=login_method["redirect_uri"],
        project_id=project["id"],
        environment_id=development["id"],
        agent_signing_secret=signing_secret,
        connectors=connectors,
        accounts=tuple(opened),
    )


def connect(made: Demo) -> None:
    """Connects the connectors, as an admin does. Needs the simulator to be running.

    Skips platforms without an API for this; the simulator's configuration already has the address.
    """
    for of_provider in made.connectors.values():
        for connector_id in of_provider.values():
            connect_one(f"/v1/projects/{made.project_id}/connectors/{connector_id}", made.api_key)


def connect_one(path: str, key: str) -> None:
    """Connects the connector at this path, if its platform can be asked to."""
    connector = call("GET", path, key)
    if connector["can_connect"]:
        outcome = call("POST", f"{path}/connect", key)
        if outcome["status"] != "ok":
            raise StepFailed(f"{connector['name']} could not be connected: {outcome['problem']}", log=LOGS / "functions.log")


def check_login_method(made: Demo) -> None:
    """Checks that the functions can reach the provider of the login method. Needs the provider to be running."""
    outcome = call("POST", f"/v1/login-methods/{made.login_method_id}/check", made.api_key)
    if outcome["problem"]:
        raise StepFailed(f"The OpenID provider cannot be used: {outcome['problem']}", log=LOGS / "openid.log")


def call(method: str, path: str, key: str | None, body: dict | None = None) -> dict:
    """Calls the admin API."""
    answer, _ = send(method, path, {"authorization": f"Bearer {key}"} if key else {}, body)
    return answer


def send(method: str, path: str, headers: dict[str, str], body: dict | None = None) -> tuple[dict, Message]:
    """Calls the API with these headers. Returns body and headers of the answer."""
    sent = {"content-type": "application/json", **headers}
    request = urllib.request.Request(API.url + path, method=method, headers=sent, data=json.dumps(body).encode() if body is not None else None)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            return json.load(response), response.headers
    except urllib.error.HTTPError as error:
        answer = error.read().decode(errors="replace")[:600]
        raise StepFailed(
            f"{method} {path} was answered {error.code}: {answer}",
            "See the function's log in .local/run/logs/functions.log.",
            LOGS / "functions.log",
        ) from error
    except (OSError, ValueError) as error:
        raise StepFailed(f"{method} {path} was not answered: {error}", log=LOGS / "emulator.log") from error
