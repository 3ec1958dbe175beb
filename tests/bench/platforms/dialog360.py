"""A WhatsApp message through 360dialog, by somebody whose number and user id are both told."""

import base64
import json
import time

from platforms.base import NAME, TEXT, Conversation, Identity, Message, Person, Platform, Request

_NUMBER_ID = "1122334455667"
_PHONE = "972987654321"
_USER_ID = "US.13491208655302741918"
_WEBHOOK_SECRET = "wH0okS3cret_of-43-characters-in-base64url00"


class Dialog360(Platform):
    """360dialog, which says a secret with every request. WhatsApp's user id lasts, so the record is under it."""

    key = "360dialog"
    settings = {"phone_number_id": _NUMBER_ID}
    secrets = {"api_key": "bench", "webhook_secret": _WEBHOOK_SECRET}
    person = Person(Identity("whatsapp", _USER_ID), other_id=Identity("phone", f"+{_PHONE}"))
    conversation = Conversation(_PHONE)

    def event_keys(self, message: Message) -> list[str]:
        return [self.event_key(_message_id(message))]

    def request(self, message: Message) -> Request:
        phone, user_id = _PHONE, _USER_ID
        if message.is_by_stranger:
            phone, user_id = f"9725{message.digits(8)}", f"US.{message.digits(20)}"
        contact = {"profile": {"name": NAME}, "wa_id": phone, "user_id": user_id}
        written = {
            "from": phone,
            "from_user_id": user_id,
            "id": _message_id(message),
            # Not the message's own time: what is older than some days is not taken.
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": TEXT},
        }
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "972123456789", "phone_number_id": _NUMBER_ID},
            "contacts": [contact],
            "messages": [written],
        }
        entry = {"id": "1234567890987654321", "changes": [{"field": "messages", "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]})
        return Request({"content-type": "application/json", "authorization": f"Bearer {_WEBHOOK_SECRET}"}, body)


def _message_id(message: Message) -> str:
    return f"wamid.{base64.b64encode(message.hex(45).encode()).decode()}"
