"""A private message in Telegram."""

import json

from platforms.base import FIRST_NAME, LAST_NAME, TEXT, Conversation, Identity, Message, Person, Platform, Request

_USER_ID = 218485655
_SECRET_TOKEN = "nB0tS3cret_token-of-43-characters-in-base64"


class Telegram(Platform):
    """Telegram, which says a secret with every update."""

    key = "telegram"
    settings = {}
    secrets = {"bot_token": "123456789:bench", "secret_token": _SECRET_TOKEN}
    person = Person(Identity("telegram", str(_USER_ID)))
    conversation = Conversation(str(_USER_ID))

    def event_keys(self, message: Message) -> list[str]:
        return [self.event_key(f"{_USER_ID}:{_message_id(message)}:{message.at}"), self.event_key(str(_update_id(message)))]

    def request(self, message: Message) -> Request:
        user_id = 7_000_000_000 + int(message.digits(9)) if message.is_by_stranger else _USER_ID
        name = {"first_name": FIRST_NAME, "last_name": LAST_NAME}
        body = json.dumps({
            "update_id": _update_id(message),
            "message": {
                "message_id": _message_id(message),
                "from": {"id": user_id, "is_bot": False, **name, "language_code": "en"},
                "chat": {"id": user_id, **name, "type": "private"},
                "date": message.at,
                "text": TEXT,
            },
        })  # fmt: skip
        return Request({"content-type": "application/json", "x-telegram-bot-api-secret-token": _SECRET_TOKEN}, body)


def _update_id(message: Message) -> int:
    return int(message.digits(9))


def _message_id(message: Message) -> int:
    return int(message.digits(7))
