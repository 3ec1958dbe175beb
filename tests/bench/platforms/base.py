"""Knowledge of a chat platform that the benchmark needs: a connector to it, somebody who writes there, and how it posts a message.

A platform's file says the same as `shared/providers/src/<platform>`, from the other side. Nothing in it is secret: the keys are for
this benchmark and protect nothing.
"""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass

CONNECTOR_ID = "01JD3Q3Z9V8M4T6K2N7P5R1S0E"
DOMAIN = "bench.example"

# The text that everybody writes, and the name that they give.
TEXT = "Good morning! Can you tell me where my parcel is?"
FIRST_NAME, LAST_NAME = "Ada", "Lovelace"
NAME = f"{FIRST_NAME} {LAST_NAME}"

_EVENT_KEY_MAX = 128


@dataclass(frozen=True)
class Identity:
    """One id of a person."""

    scope: str
    identifier: str


@dataclass(frozen=True)
class Person:
    """Somebody with a record."""

    identity: Identity
    other_id: Identity | None = None  # leads to the record too


@dataclass(frozen=True)
class Conversation:
    """Where that person writes."""

    provider_id: str
    channel: str | None = None
    reply_url: str | None = None
    member_id: str | None = None


@dataclass(frozen=True)
class Message:
    """One message."""

    id: str  # a text that no other message has
    at: int  # seconds since 1970
    is_by_stranger: bool = False  # one who wrote no other message

    def digits(self, count: int) -> str:
        """So many digits that are this message's own."""
        return str(int(self.hex(64), 16) % 10**count).zfill(count)

    def hex(self, count: int) -> str:
        """Up to 64 hexadecimal digits that are this message's own."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:count]


@dataclass(frozen=True)
class Request:
    """A request that a platform posts."""

    headers: dict[str, str]  # names in lower case, as API Gateway gives them
    body: str


class Platform(ABC):
    """One chat platform."""

    key: str
    settings: dict[str, str]
    secrets: dict[str, str]
    person: Person
    conversation: Conversation

    @property
    def function(self) -> str:
        """The function that takes its messages."""
        return f"webhook-{self.key}"

    @property
    def path(self) -> str:
        """Where it posts to."""
        return f"/webhooks/{self.key}/{CONNECTOR_ID}"

    @abstractmethod
    def event_keys(self, message: Message) -> list[str]:
        """The keys that a message is known again by."""

    @abstractmethod
    def request(self, message: Message) -> Request:
        """The authentic request that brings a message."""

    def environment(self, origin: str) -> dict[str, str]:
        """The variables that only this function has; `origin` is where `documents` are served."""
        return {}

    def documents(self, origin: str) -> dict[str, dict]:
        """Documents that it publishes for such functions, by path."""
        return {}

    def event_key(self, what: str) -> str:
        """As `fields::event_key`: a hash where the key would be too long."""
        key = f"{self.key}:{what}"
        return key if len(key) <= _EVENT_KEY_MAX else f"{self.key}:{hashlib.sha256(key.encode()).hexdigest()}"
