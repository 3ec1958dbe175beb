"""The chat platforms whose webhooks are measured."""

from platforms.base import Platform
from platforms.dialog360 import Dialog360
from platforms.slack import Slack
from platforms.teams import Teams
from platforms.telegram import Telegram
from platforms.twilio import Twilio

__all__ = ["PLATFORMS", "Platform"]

# By the name of their function.
PLATFORMS: dict[str, Platform] = {it.function: it for it in (Slack(), Teams(), Telegram(), Dialog360(), Twilio())}
