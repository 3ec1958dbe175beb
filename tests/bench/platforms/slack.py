"""A direct message in Slack."""

import hashlib
import hmac
import json
import time

from platforms.base import TEXT, Conversation, Identity, Message, Person, Platform, Request

_APP_ID = "A0BENCH"
_TEAM_ID = "T0BENCH"
_USER_ID = "U0BENCH"
_CHANNEL = "D0BENCH"
_SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


class Slack(Platform):
    """Slack, which signs the time and the body."""

    key = "slack"
    settings = {"api_app_id": _APP_ID, "team_id": _TEAM_ID}
    secrets = {"signing_secret": _SIGNING_SECRET, "bot_token": "xoxb-bench"}
    person = Person(Identity(_TEAM_ID, _USER_ID))
    conversation = Conversation(_CHANNEL)

    def event_keys(self, message: Message) -> list[str]:
        return [self.event_key(f"{_TEAM_ID}:{_CHANNEL}:{_ts(message)}"), self.event_key(_event_id(message))]

    def request(self, message: Message) -> Request:
        body = json.dumps({
            "token": "not used",
            "team_id": _TEAM_ID,
            "api_app_id": _APP_ID,
            "type": "event_callback",
            "event_id": _event_id(message),
            "event_time": message.at,
            "event": {
                "type": "message",
                "user": f"U{message.id}" if message.is_by_stranger else _USER_ID,
                "channel": _CHANNEL,
                "channel_type": "im",
                "text": TEXT,
                "ts": _ts(message),
            },
        })  # fmt: skip
        now = str(int(time.time()))
        signature = hmac.new(_SIGNING_SECRET.encode(), f"v0:{now}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": now,
            "x-slack-signature": f"v0={signature}",
        }
        return Request(headers, body)


def _event_id(message: Message) -> str:
    return f"Ev{message.id}"


def _ts(message: Message) -> str:
    return f"{message.at}.{message.digits(6)}"
