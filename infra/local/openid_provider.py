"""Starts the OpenID provider at which members of the demo account sign in: oidc-provider, which is certified, in openid/."""

import json
import os
import secrets
from dataclasses import asdict, dataclass

import ports
from files import write_private
from processes import Processes
from settings import API, LOGS, OPENID, OPENID_PROVIDER, RUN
from tools import tool

PROVIDER = OPENID_PROVIDER / "provider.js"
LOG = LOGS / "openid.log"
_CONFIGURATION = RUN / "openid.json"


@dataclass(frozen=True)
class Colleague:
    """Somebody who can sign in at the provider. Its page takes anybody else as well."""

    name: str
    email: str
    email_verified: bool = True


COLLEAGUES = (
    Colleague("Grace Hopper", "grace.hopper@example.com"),
    Colleague("Katherine Johnson", "katherine.johnson@example.com"),
    Colleague("Edsger Dijkstra", "edsger.dijkstra@example.com", email_verified=False),
)


@dataclass(frozen=True)
class Client:
    """The demo account's registration at the provider, with a new secret in every run."""

    id: str
    secret: str

    @classmethod
    def new(cls) -> "Client":
        return cls("vestibule", secrets.token_urlsafe(30))


def start(processes: Processes, client: Client, redirect_uri: str) -> None:
    """Starts the provider, and registers the client with its redirect address."""
    configuration = {
        "issuer": OPENID.url,
        "port": OPENID.number,
        "api_url": API.url,
        "client": {**asdict(client), "redirect_uri": redirect_uri},
        "people": [asdict(colleague) for colleague in COLLEAGUES],
    }
    write_private(_CONFIGURATION, json.dumps(configuration, indent=2) + "\n")
    processes.start("OpenID provider", [tool("node"), str(PROVIDER), str(_CONFIGURATION)], {"PATH": os.environ.get("PATH", "")}, LOG)
    processes.wait_for("An answer from the OpenID provider", lambda: ports.is_open(OPENID.number), 20, LOG)
