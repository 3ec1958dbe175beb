"""The world that the benchmark's function sees: one connector, its secrets, and who writes to it.

Rows are as `shared/adapters/src/dynamo/items` stores them, in DynamoDB's JSON. Nothing here is secret: the keys are for this
benchmark and protect nothing.
"""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TABLE = "bench"
ACCOUNT_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0A"
PROJECT_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0B"
ENVIRONMENT_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0C"
CLIENT_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0D"
CONNECTOR_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0E"
REQUEST_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0F"
CONVERSATION_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0G"
APP_ID = "A0BENCH"
TEAM_ID = "T0BENCH"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"

# What KMS would give back for WRAPPED_KEY.
DATA_KEY = bytes(range(32))
WRAPPED_KEY = base64.b64encode(b"a data key under a key of the benchmark").decode()

_SINCE = "2026-11-01T00:00:00.000Z"
_PROJECT = f"ACCOUNT#{ACCOUNT_ID}#PROJECT#{PROJECT_ID}"
_CHANNEL = "D0BENCH"
_KNOWN_EVENT = "Ev0KNOWN"
_KNOWN_TS = "1795000000.000100"

# Who writes, and what that costs the webhook.
KINDS = {
    "approved": "somebody who may talk to the agent",
    "stranger": "somebody who never wrote before",
    "duplicate": "an event that was taken before",
}


def seal(plain: str, context: str) -> str:
    """As `KmsVault` seals: nonce, ciphertext and tag of AES-256-GCM, bound to its place."""
    nonce = hashlib.sha256(context.encode()).digest()[:12]  # Fixed: a benchmark's runs should not differ.
    return base64.b64encode(nonce + AESGCM(DATA_KEY).encrypt(nonce, plain.encode(), context.encode())).decode()


def connector() -> dict:
    """The row of the connector."""

    def sealed(field: str, plain: str) -> str:
        return seal(plain, f"{ACCOUNT_ID}|{PROJECT_ID}|{CONNECTOR_ID}|{field}")

    fields = {"signing_secret": sealed("signing_secret", SIGNING_SECRET), "bot_token": sealed("bot_token", "xoxb-bench")}
    return attributes({
        "pk": f"CONNECTOR#{CONNECTOR_ID}",
        "sk": "CONNECTOR",
        "all_pk": f"{_PROJECT}#CONNECTORS",
        "all_sk": f"{_SINCE}#{CONNECTOR_ID}",
        "id": CONNECTOR_ID,
        "scope": {"account_id": ACCOUNT_ID, "project_id": PROJECT_ID},
        "environment_id": ENVIRONMENT_ID,
        "client_id": CLIENT_ID,
        "name": "Bench",
        "provider": "slack",
        "policy": "OnBoarding",
        "onboarding_since": _SINCE,
        "existing_users": "keep",
        "onboarding_message": "Thanks for writing! Your request is being reviewed; you can expect an answer within one working day.",
        "request_cooldown_seconds": 86400,
        "settings": {"api_app_id": APP_ID, "team_id": TEAM_ID},
        "secrets": {"wrapped_key": WRAPPED_KEY, "fields": fields},
        "version": 1,
        "created_at": _SINCE,
        "updated_at": _SINCE,
    })  # fmt: skip


def keyring() -> dict:
    """The row of the stack's data key."""
    return attributes({"pk": "KEYRING", "sk": "CURRENT", "wrapped_key": WRAPPED_KEY})


def known_row(kind: str, key: dict) -> dict | None:
    """What is stored under a key that belongs to the sender; nothing for a stranger."""
    pk, sk = key["pk"]["S"], key["sk"]["S"]
    if kind == "stranger" or "#USER#" not in pk:
        return None
    chat_user_id = pk.rsplit("#", 1)[-1]
    if sk == "USER":
        return _chat_user(pk, chat_user_id, is_approved=kind == "approved")
    return _standing(pk, sk, chat_user_id, is_approved=kind == "approved")


def _chat_user(pk: str, chat_user_id: str, is_approved: bool) -> dict:
    grant = {"granted_at": _SINCE, "granted_by": "bench"}
    return attributes({
        "pk": pk,
        "sk": "USER",
        "state_pk": f"{_PROJECT}#USERS#{'active' if is_approved else 'onboarding'}",
        "state_sk": f"{_SINCE}#{chat_user_id}",
        "all_pk": f"{_PROJECT}#USERS",
        "all_sk": f"{_SINCE}#{chat_user_id}",
        "id": chat_user_id,
        "person": {"provider": "slack", "platform_scope": TEAM_ID, "identifier": "U0BENCH"},
        "profile": {"display_name": "Ada Lovelace", "first_name": "Ada", "last_name": "Lovelace", "avatar_url": None},
        "admitted_openly": False,
        "grants": {ENVIRONMENT_ID: grant} if is_approved else {},
        "version": 3,
        "created_at": _SINCE,
        "updated_at": _SINCE,
    })  # fmt: skip


def _standing(pk: str, sk: str, chat_user_id: str, is_approved: bool) -> dict:
    return attributes({
        "pk": pk,
        "sk": sk,
        "connector_id": CONNECTOR_ID,
        "chat_user_id": chat_user_id,
        "first_seen_at": _SINCE,
        "conversation": {"id": CONVERSATION_ID, "kind": "direct", "provider_conversation_id": _CHANNEL, "thread": None},
        "request_id": REQUEST_ID,
        "request_pending": not is_approved,
        "message_count": 1,
        "last_message_at": _SINCE,
        "recent_events": [f"slack:{TEAM_ID}:{_CHANNEL}:{_KNOWN_TS}", f"slack:{_KNOWN_EVENT}"],
        "rejection_count": 0,
        "onboarding_message": {"status": "sent", "at": _SINCE},
        "version": 5,
    })  # fmt: skip


def attributes(row: dict) -> dict:
    """The row as DynamoDB's JSON."""
    return {name: _attribute(value) for name, value in row.items()}


def _attribute(value) -> dict:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case list():
            return {"L": [_attribute(item) for item in value]}
        case dict():
            return {"M": attributes(value)}
    raise TypeError(f"no attribute for {type(value)}")


def lambda_event(kind: str, number: str) -> bytes:
    """The API Gateway event of a signed Slack message; `number` makes it a new one, unless it is to be a duplicate."""
    is_duplicate = kind == "duplicate"
    now = int(time.time())
    body = json.dumps({
        "token": "not used",
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "type": "event_callback",
        "event_id": _KNOWN_EVENT if is_duplicate else f"Ev{number}",
        "event_time": now,
        "event": {
            "type": "message",
            "user": "U0BENCH" if kind != "stranger" else f"U{number}",
            "channel": _CHANNEL,
            "channel_type": "im",
            "text": "Good morning! Can you tell me where my parcel is?",
            "ts": _KNOWN_TS if is_duplicate else f"{now}.{int(hashlib.sha256(number.encode()).hexdigest(), 16) % 1_000_000:06}",
        },
    })  # fmt: skip
    signature = hmac.new(SIGNING_SECRET.encode(), f"v0:{now}:{body}".encode(), hashlib.sha256).hexdigest()
    path = f"/webhooks/slack/{CONNECTOR_ID}"
    return json.dumps({
        "version": "2.0",
        "routeKey": "POST /webhooks/slack/{connector_id}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": str(now),
            "x-slack-signature": f"v0={signature}",
        },
        "pathParameters": {"connector_id": CONNECTOR_ID},
        "requestContext": {
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "Slackbot 1.0"},
            "accountId": "000000000000",
            "apiId": "bench",
            "domainName": "bench.example",
            "requestId": number,
            "stage": "$default",
            "time": "22/Nov/2026:10:00:00 +0000",
            "timeEpoch": now * 1000,
        },
        "isBase64Encoded": False,
        "body": body,
    }).encode()  # fmt: skip
