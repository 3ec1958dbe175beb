"""Accounts at the chat platforms, with constant public ids and new secrets in every run.

One function per platform opens them, and `@platform` enters it in `PLATFORMS`. Its fields are named as in `/v1/providers`, and so are
those of the simulator's configuration.
"""

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass

Fields = dict[str, str]


@dataclass(frozen=True)
class Platform:
    """A chat platform of the demo."""

    provider: str  # the provider's key
    label: str  # the platform's name for people
    open_account: Callable[[int], Fields]  # opens the account with this number, from 0; Slack has two
    besides: Fields  # facts about every account that are not fields of a connector


PLATFORMS: list[Platform] = []


def platform_of(provider: str) -> Platform:
    """The platform of a provider."""
    return next(platform for platform in PLATFORMS if platform.provider == provider)


def platform(provider: str, label: str, **besides: str) -> Callable[[Callable[[int], Fields]], Callable[[int], Fields]]:
    """Enters a function that opens accounts in `PLATFORMS`."""

    def enter(open_account: Callable[[int], Fields]) -> Callable[[int], Fields]:
        PLATFORMS.append(Platform(provider, label, open_account, besides))
        return open_account

    return enter


@platform("slack", "Slack", bot_user_id="U0VESTIBULE")
def slack(number: int) -> Fields:
    return {
        "api_app_id": ("A0DEMOACME", "A0DEMOOPEN")[number],
        "team_id": "T0DEMOACME",
        "signing_secret": secrets.token_hex(16),
        "bot_token": f"xoxb-{secrets.randbelow(10**12):012d}-{secrets.token_hex(12)}",
    }


@platform("teams", "Teams")
def teams(number: int) -> Fields:
    return {
        "app_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"bot{number}.acme.example")),
        "tenant_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, "acme.example")),
        "client_secret": secrets.token_urlsafe(30),
    }


@platform("telegram", "Telegram")
def telegram(number: int) -> Fields:
    return {"bot_token": f"{7_000_000_000 + number}:{secrets.token_urlsafe(26)}", "secret_token": secrets.token_urlsafe(32)}


@platform("360dialog", "WhatsApp")
def dialog360(number: int) -> Fields:
    return {"phone_number_id": str(106_540_352_242_900 + number), "api_key": secrets.token_urlsafe(24), "webhook_secret": secrets.token_urlsafe(32)}


@platform("twilio", "SMS")
def twilio(number: int) -> Fields:
    return {"account_sid": "AC" + secrets.token_hex(16), "phone_number": f"+1202555010{number}", "auth_token": secrets.token_hex(16)}
