"""A personal message in Microsoft Teams."""

import base64
import hashlib
import json
import time
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from platforms.base import NAME, TEXT, Conversation, Identity, Message, Person, Platform, Request

_APP_ID = "c9e8c047-2a74-40a2-b28a-b162d5f5327c"
_TENANT_ID = "72f988bf-86f1-41af-91ab-2d7cd011db47"
_OBJECT_ID = "7faf8ab2-3d56-4244-b585-20c8a42ed2b8"
_MEMBER_ID = "29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85gQtHieVkKilBZ9XHoq9j7Zaqt7CZ-NJWi7me2kHTL3Bw"
_CONVERSATION_ID = (
    "a:17I0kl9EkpE1O9PH5TWrzrLNwnWWcfrU7QZjKR0WSfOpzbfcAg2IaydGElSo10tVr4C7Fc6GtieTJX663WuJCc1uA83n4CSrHSgGBj5XNYLcVlJAs2ZX8DbYBPck201w-"
)
_SERVICE_URL = f"https://smba.trafficmanager.net/amer/{_TENANT_ID}/"
_SERVICE_ORIGINS = (
    "https://smba.trafficmanager.net",
    "https://smba.infra.gcc.teams.microsoft.com",
    "https://smba.infra.gov.teams.microsoft.us",
    "https://smba.infra.dod.teams.microsoft.us",
)

_ISSUER = "https://api.botframework.com"
_METADATA_PATH = "/botframework/v1/.well-known/openidconfiguration"
_KEYS_PATH = "/botframework/v1/.well-known/keys"
# The key with which the provider's own tests sign.
_SIGNING_KEY = Path(__file__).resolve().parents[3] / "shared/providers/src/teams/testdata/test_key_one.pkcs8.der"
_KEY_ID = "bench"
# The key set is as large as Microsoft's: so many keys, with certificates of about this size.
_OTHER_KEYS = 9
_CERTIFICATE_BYTES = 1300
_TOKEN_SECONDS = 24 * 3600


class Teams(Platform):
    """Teams, whose requests have a token that the Bot Framework signed with a key that it publishes."""

    key = "teams"
    settings = {"app_id": _APP_ID, "tenant_id": _TENANT_ID, "app_type": "single_tenant"}
    secrets = {"client_secret": "bench"}
    person = Person(Identity(_TENANT_ID, _OBJECT_ID))
    conversation = Conversation(_CONVERSATION_ID, reply_url=_SERVICE_URL, member_id=_MEMBER_ID)

    def event_keys(self, message: Message) -> list[str]:
        return [self.event_key(f"{_CONVERSATION_ID}:{_activity_id(message)}")]

    def request(self, message: Message) -> Request:
        member_id, object_id = _MEMBER_ID, _OBJECT_ID
        if message.is_by_stranger:
            member_id, object_id = f"29:{message.hex(64)}", str(uuid.UUID(message.hex(32)))
        body = json.dumps({
            "type": "message",
            "id": _activity_id(message),
            "timestamp": datetime.fromtimestamp(message.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "serviceUrl": _SERVICE_URL,
            "channelId": "msteams",
            "from": {"id": member_id, "name": NAME, "aadObjectId": object_id},
            "conversation": {"conversationType": "personal", "id": _CONVERSATION_ID, "tenantId": _TENANT_ID},
            "recipient": {"id": f"28:{_APP_ID}", "name": "Bench"},
            "textFormat": "plain",
            "text": TEXT,
            "locale": "en-US",
            "attachments": [{"contentType": "text/html", "content": f"<div>{TEXT}</div>"}],
            "entities": [{"locale": "en-US", "country": "US", "platform": "Windows", "type": "clientInfo"}],
            "channelData": {"tenant": {"id": _TENANT_ID}},
        })  # fmt: skip
        return Request({"content-type": "application/json; charset=utf-8", "authorization": f"Bearer {_token()}"}, body)

    def environment(self, origin: str) -> dict[str, str]:
        return {"TEAMS_OPENID_METADATA_URL": origin + _METADATA_PATH, "TEAMS_SERVICE_ORIGINS": ",".join(_SERVICE_ORIGINS)}

    def documents(self, origin: str) -> dict[str, dict]:
        metadata = {"issuer": _ISSUER, "jwks_uri": origin + _KEYS_PATH, "id_token_signing_alg_values_supported": ["RS256"]}
        return {_METADATA_PATH: metadata, _KEYS_PATH: {"keys": _key_set()}}


def _activity_id(message: Message) -> str:
    return f"{message.at}{message.digits(3)}"


@cache
def _token() -> str:
    """The token of all requests: it does not cover their bodies, and the Bot Framework uses one for an hour too."""
    now = int(time.time())
    header = {"alg": "RS256", "kid": _KEY_ID, "x5t": _KEY_ID, "typ": "JWT"}
    claims = {"serviceurl": _SERVICE_URL, "nbf": now, "exp": now + _TOKEN_SECONDS, "iss": _ISSUER, "aud": _APP_ID}
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    signature = _signing_key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_base64url(signature)}"


def _key_set() -> list[dict]:
    """The signing key behind others that nobody has."""
    others = [_public_key(f"other {number}", _filler(f"key {number}", 256)) for number in range(_OTHER_KEYS)]
    modulus = _signing_key().public_key().public_numbers().n
    return [*others, _public_key(_KEY_ID, modulus.to_bytes(256, "big"))]


def _public_key(key_id: str, modulus: bytes) -> dict:
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": key_id,
        "x5t": key_id,
        "n": _base64url(modulus),
        "e": "AQAB",
        "x5c": [base64.b64encode(_filler(f"certificate of {key_id}", _CERTIFICATE_BYTES)).decode()],
        "endorsements": ["msteams", "webchat", "skype"],
    }


def _signing_key() -> rsa.RSAPrivateKey:
    key = serialization.load_der_private_key(_SIGNING_KEY.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{_SIGNING_KEY} holds no RSA key")
    return key


def _filler(seed: str, count: int) -> bytes:
    """Bytes that no compression makes smaller, the same in every run."""
    return hashlib.shake_256(seed.encode()).digest(count)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
