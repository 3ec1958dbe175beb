"""Accounts at the chat platforms, as somebody would have opened them: public ids that stay the same, secrets that are new in every run.

The names are those of the connectors' fields at `/v1/providers`, which the simulator's configuration shares.
"""

import secrets
import uuid
from collections.abc import Callable

_SLACK_TEAM_ID = "T0DEMOACME"
_SLACK_BOT_USER_ID = "U0VESTIBULE"
_TEAMS_TENANT_ID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "acme.example"))

Fields = dict[str, str]


def slack(number: int) -> Fields:
    return {
        "api_app_id": ("A0DEMOACME", "A0DEMOOPEN")[number],
        "team_id": _SLACK_TEAM_ID,
        "signing_secret": secrets.token_hex(16),
        "bot_token": f"xoxb-{secrets.randbelow(10**12):012d}-{secrets.token_hex(12)}",
    }


def teams(number: int) -> Fields:
    return {
        "app_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"bot{number}.acme.example")),
        "tenant_id": _TEAMS_TENANT_ID,
        "client_secret": secrets.token_urlsafe(30),
    }


def telegram(number: int) -> Fields:
    return {"bot_token": f"{7_000_000_000 + number}:{secrets.token_urlsafe(26)}", "secret_token": secrets.token_urlsafe(32)}


def dialog360(number: int) -> Fields:
    return {"phone_number_id": str(106_540_352_242_900 + number), "api_key": secrets.token_urlsafe(24), "webhook_secret": secrets.token_urlsafe(32)}


def twilio(number: int) -> Fields:
    return {"account_sid": "AC" + secrets.token_hex(16), "phone_number": f"+1202555010{number}", "auth_token": secrets.token_hex(16)}


# What a platform tells of an account besides the connector's fields.
BESIDES: dict[str, Fields] = {"slack": {"bot_user_id": _SLACK_BOT_USER_ID}}

# Opens the account number 0 or 1 at each platform, by its key.
OPEN: dict[str, Callable[[int], Fields]] = {"slack": slack, "teams": teams, "telegram": telegram, "360dialog": dialog360, "twilio": twilio}
LABELS = {"slack": "Slack", "teams": "Teams", "telegram": "Telegram", "360dialog": "WhatsApp", "twilio": "SMS"}
