"""Two members who answer a connector of the demo project, and people who write there: more of them than the two have room for."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import accounts
import joining
import simulator
from demo import Demo, call
from files import write_private
from people import Person
from settings import RUN

# The demo agent hands over to the team of this name.
TEAM = "Support"
# The demo agent's handoff on any of them finds a member.
_CHANNELS = ("slack", "teams", "telegram", "whatsapp", "sms")
# Earlier numbers are those of the demo project and of the people's.
_NUMBER_OF_ACCOUNT = 3
_QUEUE_NOTICE = "Thanks for writing! All of us are busy just now. You keep your place, and the next one of us who is free answers here."
_QUEUE_NOTICES = {"de": "Danke für Ihre Nachricht! Gerade sind wir alle im Gespräch. Ihr Platz bleibt Ihnen, und wer als Nächstes frei ist, antwortet hier."}


@dataclass(frozen=True)
class Member:
    """Somebody who answers, and how many conversations they have on a channel at the same time."""

    name: str
    email: str
    limit: int

    @property
    def headers(self) -> Path:
        """The file with the headers of their calls."""
        return RUN / f"{self.name.lower()}.headers"


MEMBERS = (Member("Ana", "ana@example.com", 1), Member("Ben", "ben@example.com", 2))
# Room for three of them, in the order in which they write.
_PEOPLE = (
    ("Emmy", "Noether", "Hello, my parcel was due yesterday. Where is it?"),
    ("Lise", "Meitner", "I was charged twice for the same order."),
    ("Rosalind", "Franklin", "How do I return a lamp that arrived broken?"),
    ("Hedy", "Lamarr", "Can I still change the address of my delivery?"),
    ("Maryam", "Mirzakhani", "The voucher from your letter is not accepted."),
)


@dataclass(frozen=True)
class Seated:
    """The team, as it was made."""

    connector: str  # its name
    connector_id: str
    password: str  # of both members

    @property
    def facts(self) -> dict:
        """Names and secrets, for the description of the stack."""
        members = [{"name": member.name, "email": member.email, "headers": str(member.headers)} for member in MEMBERS]
        return {"connector_id": self.connector_id, "password": self.password, "members": members}

    @property
    def sign_in(self) -> str:
        """Addresses and password."""
        return f"{' and '.join(member.email for member in MEMBERS)}, password {self.password}"

    def __str__(self) -> str:
        limits = " and ".join(f"{member.name} ({member.limit} at a time)" for member in MEMBERS)
        return f"{limits} answer {self.connector}, where {len(_PEOPLE)} people wrote"


def seat(made: Demo) -> Seated:
    """Makes a team, its members and their connector, and lets people write there. Needs the simulator and the page of the mails."""
    key, password = made.api_key, secrets.token_urlsafe(15)
    team = call("POST", "/v1/teams", key, {"name": TEAM})
    for member in MEMBERS:
        work = {"channels": dict.fromkeys(_CHANNELS, member.limit), "teams": [team["id"]]}
        call("POST", "/v1/invitations", key, {"email": member.email, "name": member.name, "role": "agent", "work": work})
    platform = accounts.platform_of("telegram")
    name = f"Acme {platform.label} (team)"
    answering = {"handler": "team", "team_id": team["id"], "shows_author": True, "queue_notice": _QUEUE_NOTICE, "queue_notices": _QUEUE_NOTICES}
    settings = {"name": name, "environment_id": made.environment_id, "policy": "AllowAll", **answering}
    connector_id = simulator.open_connector(f"/v1/projects/{made.project_id}", key, platform, _NUMBER_OF_ACCOUNT, settings)
    for member in MEMBERS:
        _join(made, member, password)
    for number, (first_name, last_name, text) in enumerate(_PEOPLE):
        person = Person("en-US", first_name, None, last_name, None, f"+1202555015{number}", (text,))
        simulator.write(connector_id, person, 1)
    return Seated(name, connector_id, password)


def _join(made: Demo, member: Member, password: str) -> None:
    """Accepts a member's invitation, and leaves the headers of their calls in a file, for curl."""
    session = joining.join(member.email, member.name, password)
    write_private(member.headers, f"Cookie: {session}\nVestibule-Account: {made.account_id}\nX-Vestibule-Console: 1\n")
