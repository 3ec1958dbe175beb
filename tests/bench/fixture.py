"""The world that a function under measurement sees: one connector, its secrets, and who writes to it.

Rows are as `shared/adapters/src/dynamo/items` stores them, in DynamoDB's JSON. Nothing here is secret: the keys are for this
benchmark and protect nothing.
"""

import base64
import hashlib
import json
import time
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from platforms.base import CONNECTOR_ID, DOMAIN, FIRST_NAME, LAST_NAME, NAME, Identity, Message, Platform, Request

TABLE = "bench"
ACCOUNT_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0A"
PROJECT_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0B"
ENVIRONMENT_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0C"
CLIENT_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0D"
REQUEST_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0F"
END_USER_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0G"
# Of a key that may do everything.
API_KEY = f"vst_{ACCOUNT_ID}_{'A' * 43}"

# The key that KMS would give back for WRAPPED_KEY.
DATA_KEY = bytes(range(32))
WRAPPED_KEY = base64.b64encode(b"a data key under a key of the benchmark").decode()

_SINCE = "2026-11-01T00:00:00.000Z"
_PROJECT = f"ACCOUNT#{ACCOUNT_ID}#PROJECT#{PROJECT_ID}"
_KNOWN = Message("KNOWN", at=1795000000)
# Messages of the person who may talk to the agent that reached it, and for how long their events are remembered.
_DELIVERED = 50
_REMEMBERED_SECONDS = 8 * 86400
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# Who writes, and what that costs the webhook.
KINDS = {
    "approved": "somebody who may talk to the agent",
    "stranger": "somebody who never wrote before",
    "duplicate": "an event that was taken before",
}


def table(platform: Platform, kind: str) -> dict[tuple[str, str], dict]:
    """All rows that a webhook may read, by partition and sort key."""
    return by_key(rows_of(platform, kind))


def by_key(rows: list[dict]) -> dict[tuple[str, str], dict]:
    """Rows in DynamoDB's JSON, by partition and sort key."""
    return {(row["pk"], row["sk"]): _attributes(row) for row in rows}


def rows_of(platform: Platform, kind: str) -> list[dict]:
    """All rows that a webhook may read."""
    rows = [_connector(platform), _keyring()]
    if kind != "stranger":
        rows += _person(platform, is_approved=kind == "approved")
    if kind == "approved":
        rows.append(_conversation(platform))
        rows += [row for number in range(_DELIVERED) for row in _handled(platform, _delivered(number))]
    return rows


def key_rows() -> list[dict]:
    """An API key that was used a moment ago, and the project that it reads."""
    account, hashed = f"ACCOUNT#{ACCOUNT_ID}", hashlib.sha256(API_KEY.encode()).hexdigest()
    key = {
        "pk": account,
        "sk": f"KEY#{hashed}",
        "all_pk": f"{account}#KEYS",
        "all_sk": f"{_SINCE}#{REQUEST_ID}",
        "id": REQUEST_ID,
        "scope": {"account_id": ACCOUNT_ID},
        "name": "Bench",
        "hash": hashed,
        "permissions": "*",
        "created_by": {"id": "bench", "name": "Bench"},
        "created_at": _SINCE,
        "expires_at_time": "2100-01-01T00:00:00.000Z",
        "version": 1,
    }
    # Whoever made a call has the use of the key noted, but not at every call.
    used_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    use = {"pk": f"{account}#KEY_USES", "sk": f"KEY#{hashed}", "last_used_at": used_at}
    project = {
        "pk": account,
        "sk": f"PROJECT#{PROJECT_ID}",
        "all_pk": f"{account}#PROJECTS",
        "all_sk": f"{_SINCE}#{PROJECT_ID}",
        "scope": {"account_id": ACCOUNT_ID, "project_id": PROJECT_ID},
        "name": "Bench",
        "version": 1,
        "created_at": _SINCE,
        "updated_at": _SINCE,
    }
    return [key, use, project, _keyring()]


def environment(agent: str) -> dict:
    """The environment whose agent is at this address."""
    secret = f"whsec_{base64.b64encode(DATA_KEY).decode()}"
    sealed = _seal(secret, f"{ACCOUNT_ID}|{PROJECT_ID}|{ENVIRONMENT_ID}|signing_secret")
    return {
        "pk": _PROJECT,
        "sk": f"ENVIRONMENT#{ENVIRONMENT_ID}",
        "all_pk": f"{_PROJECT}#ENVIRONMENTS",
        "all_sk": f"000#{ENVIRONMENT_ID}",
        "id": ENVIRONMENT_ID,
        "scope": {"account_id": ACCOUNT_ID, "project_id": PROJECT_ID},
        "name": "Bench",
        "position": 0,
        "agent": {"endpoint": agent, "signing_secret": {"wrapped_key": WRAPPED_KEY, "fields": {"signing_secret": sealed}}},
        "version": 1,
        "created_at": _SINCE,
        "updated_at": _SINCE,
    }


def chat_user_id(platform: Platform) -> str:
    """The record of the person who is known."""
    return _chat_user_id(platform, platform.person.identity)


def conversation(platform: Platform) -> dict:
    """The conversation with that person."""
    place = platform.conversation
    told = {"channel": place.channel, "reply_url": place.reply_url, "member_id": place.member_id}
    return {
        "id": conversation_id(platform),
        "kind": "direct",
        "provider_conversation_id": place.provider_id,
        "thread": None,
        **{name: value for name, value in told.items() if value is not None},
    }


def conversation_id(platform: Platform) -> str:
    """The id of that conversation."""
    return _derive_id("ConversationId", CONNECTOR_ID, platform.conversation.provider_id, "")


def _connector(platform: Platform) -> dict:
    def sealed(field: str, plain: str) -> str:
        return _seal(plain, f"{ACCOUNT_ID}|{PROJECT_ID}|{CONNECTOR_ID}|{field}")

    return {
        "pk": f"CONNECTOR#{CONNECTOR_ID}",
        "sk": "CONNECTOR",
        "all_pk": f"{_PROJECT}#CONNECTORS",
        "all_sk": f"{_SINCE}#{CONNECTOR_ID}",
        "id": CONNECTOR_ID,
        "scope": {"account_id": ACCOUNT_ID, "project_id": PROJECT_ID},
        "environment_id": ENVIRONMENT_ID,
        "client_id": CLIENT_ID,
        "name": "Bench",
        "provider": platform.key,
        "policy": "OnBoarding",
        "onboarding_since": _SINCE,
        "existing_users": "keep",
        "onboarding_message": "Thanks for writing! Your request is being reviewed; you can expect an answer within one working day.",
        "request_cooldown_seconds": 86400,
        "settings": platform.settings,
        "secrets": {"wrapped_key": WRAPPED_KEY, "fields": {field: sealed(field, plain) for field, plain in platform.secrets.items()}},
        "version": 1,
        "created_at": _SINCE,
        "updated_at": _SINCE,
    }


def _keyring() -> dict:
    """The stack's data key."""
    return {"pk": "KEYRING", "sk": "CURRENT", "wrapped_key": WRAPPED_KEY}


def _person(platform: Platform, is_approved: bool) -> list[dict]:
    """The chat user, their standing, and their other id if they have one."""
    person = platform.person
    chat_user_id = _chat_user_id(platform, person.identity)
    grant = {"granted_at": _SINCE, "granted_by": "bench"}
    user = {
        "pk": _user_pk(chat_user_id),
        "sk": "USER",
        "state_pk": f"{_PROJECT}#USERS#{'active' if is_approved else 'onboarding'}",
        "state_sk": f"{_SINCE}#{chat_user_id}",
        "all_pk": f"{_PROJECT}#USERS",
        "all_sk": f"{_SINCE}#{chat_user_id}",
        "id": chat_user_id,
        "person": _identity(platform, person.identity),
        "profile": {"display_name": NAME, "first_name": FIRST_NAME, "last_name": LAST_NAME, "avatar_url": None},
        "admitted_openly": False,
        "grants": {ENVIRONMENT_ID: grant} if is_approved else {},
        "end_user_id": END_USER_ID if is_approved else None,
        "version": 3,
        "created_at": _SINCE,
        "updated_at": _SINCE,
    }
    standing = _standing(platform, chat_user_id, is_approved)
    if person.other_id is None:
        return [user, standing]
    same_as = {
        "pk": _user_pk(_chat_user_id(platform, person.other_id)),
        "sk": "SAME_AS",
        "same_as": _identity(platform, person.identity),
    }
    return [user | {"other_id": _identity(platform, person.other_id)}, standing, same_as]


def _standing(platform: Platform, chat_user_id: str, is_approved: bool) -> dict:
    return {
        "pk": _user_pk(chat_user_id),
        "sk": f"STANDING#{CONNECTOR_ID}",
        "connector_id": CONNECTOR_ID,
        "chat_user_id": chat_user_id,
        "first_seen_at": _SINCE,
        "conversation": conversation(platform),
        "request_id": REQUEST_ID,
        "request_pending": not is_approved,
        "message_count": 1,
        "last_message_at": _SINCE,
        "recent_events": platform.event_keys(_KNOWN),
        "rejection_count": 0,
        "onboarding_message": {"status": "sent", "at": _SINCE},
        "version": 5,
    }


def _conversation(platform: Platform) -> dict:
    return {
        "pk": f"{_PROJECT}#CONVERSATION#{conversation_id(platform)}",
        "sk": "CONVERSATION",
        "connector_id": CONNECTOR_ID,
        "message_count": _DELIVERED,
        "last_message_at": _SINCE,
        "recent_events": [],
        "version": _DELIVERED,
        "updated_at": _SINCE,
    }


def _handled(platform: Platform, message: Message) -> list[dict]:
    """Rows that remember a message that reached the agent."""
    return [
        {
            "pk": f"CONNECTOR#{CONNECTOR_ID}#EVENT#{_derive_id('InboundEventId', key)}",
            "sk": "EVENT",
            "handled_at": _SINCE,
            "delivered_at": _SINCE,
            "message_number": 1,
            "expires_at": int(time.time()) + _REMEMBERED_SECONDS,
        }
        for key in platform.event_keys(message)
    ]


def _delivered(number: int) -> Message:
    return Message(f"DELIVERED{number}", _KNOWN.at)


def _identity(platform: Platform, identity: Identity) -> dict:
    return {"provider": platform.key, "platform_scope": identity.scope, "identifier": identity.identifier}


def _chat_user_id(platform: Platform, identity: Identity) -> str:
    return _derive_id("ChatUserId", PROJECT_ID, platform.key, identity.scope, identity.identifier)


def _user_pk(chat_user_id: str) -> str:
    return f"{_PROJECT}#USER#{chat_user_id}"


def _derive_id(kind: str, *parts: str) -> str:
    """The id that these parts always name, as `vestibule_domain::ids` derives it."""
    hashed = hashlib.sha256()
    for part in (kind, *parts):
        hashed.update(len(part.encode()).to_bytes(8, "big") + part.encode())
    return crockford(int.from_bytes(hashed.digest()[:16], "big"))


def _seal(plain: str, context: str) -> str:
    """As `KmsVault` seals: nonce, ciphertext and tag of AES-256-GCM, bound to its place."""
    nonce = hashlib.sha256(context.encode()).digest()[:12]  # Fixed: a benchmark's runs should not differ.
    return base64.b64encode(nonce + AESGCM(DATA_KEY).encrypt(nonce, plain.encode(), context.encode())).decode()


def _attributes(row: dict) -> dict:
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
            return {"M": _attributes(value)}
    raise TypeError(f"no attribute for {type(value)}")


def lambda_event(platform: Platform, kind: str, number: str) -> bytes:
    """The API Gateway event of an authentic message; `number` makes it a new one, unless it is to be a duplicate."""
    message = _KNOWN if kind == "duplicate" else Message(number, int(time.time()), is_by_stranger=kind == "stranger")
    return event_of(platform, platform.request(message), number)


def repeated_event(platform: Platform, number: int) -> bytes:
    """The event of a message that reached the agent before."""
    return event_of(platform, platform.request(_delivered(number % _DELIVERED)), str(number))


def event_of(platform: Platform, request: Request, number: str, connector_id: str = CONNECTOR_ID) -> bytes:
    """The API Gateway event of a request to a connector's webhook."""
    path = platform.path.replace(CONNECTOR_ID, connector_id)
    route = {"routeKey": f"POST /webhooks/{platform.key}/{{connector_id}}", "pathParameters": {"connector_id": connector_id}}
    return json.dumps(_call("POST", path, request.headers, number) | route | _body(request)).encode()


def get_event(path: str, query: str, headers: dict[str, str], number: str) -> bytes:
    """The API Gateway event of a GET."""
    return json.dumps(_call("GET", path, headers, number) | {"rawQueryString": query, "queryStringParameters": dict(parse_qsl(query))}).encode()


def _call(method: str, path: str, headers: dict[str, str], number: str) -> dict:
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "bench"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": DOMAIN, **headers},
        "requestContext": {
            "http": http,
            "accountId": "000000000000",
            "apiId": "bench",
            "domainName": DOMAIN,
            "requestId": number,
            "stage": "$default",
            "time": "22/Nov/2026:10:00:00 +0000",
            "timeEpoch": int(time.time()) * 1000,
        },
        "isBase64Encoded": False,
    }


def crockford(number: int) -> str:
    """A number of 128 bits as an id."""
    return "".join(_CROCKFORD[number >> bits & 31] for bits in range(125, -1, -5))


def _body(request: Request) -> dict:
    """API Gateway hands JSON over as it is, and forms in base64."""
    if request.headers["content-type"].startswith("application/json"):
        return {"isBase64Encoded": False, "body": request.body}
    return {"isBase64Encoded": True, "body": base64.b64encode(request.body.encode()).decode()}
