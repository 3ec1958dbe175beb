"""Accounts at the chat platforms, with constant public ids and new secrets in every run.

The fields are named as in `/v1/providers`, and so are those of the simulator's configuration.
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


# Facts about an account that are not fields of the connector.
BESIDES: dict[str, Fields] = {"slack": {"bot_user_id": _SLACK_BOT_USER_ID}}

# Functions that open account 0 or 1 at a platform, by provider key.
OPEN: dict[str, Callable[[int], Fields]] = {"slack": slack, "teams": teams, "telegram": telegram, "360dialog": dialog360, "twilio": twilio}
LABELS = {"slack": "Slack", "teams": "Teams", "telegram": "Telegram", "360dialog": "WhatsApp", "twilio": "SMS"}
