"""A text message (SMS) through Twilio."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from platforms.base import CONNECTOR_ID, DOMAIN, TEXT, Conversation, Identity, Message, Person, Platform, Request

_ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"
_NUMBER = "+12028831111"
_PHONE = "+14133881111"
_AUTH_TOKEN = "12345678901234567890123456789012"
_WEBHOOK_URL = f"https://{DOMAIN}/webhooks/twilio/{CONNECTOR_ID}"


class Twilio(Platform):
    """Twilio, which signs its own spelling of our address and the parameters."""

    key = "twilio"
    settings = {
        "account_sid": _ACCOUNT_SID,
        "phone_number": _NUMBER,
        # With the settings for retries that `kind` adds, which are not signed.
        "webhook_url": f"{_WEBHOOK_URL}#rc=3&rp=5xx,ct,rt",
    }
    secrets = {"auth_token": _AUTH_TOKEN}
    person = Person(Identity("phone", _PHONE))
    conversation = Conversation(_PHONE, channel="sms")

    def event_keys(self, message: Message) -> list[str]:
        return [self.event_key(_sid(message))]

    def request(self, message: Message) -> Request:
        sid = _sid(message)
        parameters = {
            "ToCountry": "US",
            "ToState": "District Of Columbia",
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "ToCity": "",
            "FromZip": "01022",
            "SmsSid": sid,
            "FromState": "MA",
            "SmsStatus": "received",
            "FromCity": "CHICOPEE",
            "Body": TEXT,
            "FromCountry": "US",
            "To": _NUMBER,
            "ToZip": "",
            "NumSegments": "1",
            "MessageSid": sid,
            "AccountSid": _ACCOUNT_SID,
            "From": f"+1413{message.digits(7)}" if message.is_by_stranger else _PHONE,
            "ApiVersion": "2010-04-01",
        }
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "user-agent": "TwilioProxy/1.1",
            "x-twilio-signature": _signature(parameters),
        }
        return Request(headers, urlencode(parameters))


def _signature(parameters: dict[str, str]) -> str:
    signed = _WEBHOOK_URL + "".join(name + value for name, value in sorted(parameters.items()))
    return base64.b64encode(hmac.digest(_AUTH_TOKEN.encode(), signed.encode(), hashlib.sha1)).decode()


def _sid(message: Message) -> str:
    return f"SM{message.hex(32)}"
