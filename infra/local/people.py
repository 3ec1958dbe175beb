"""Realistic people, the same in every run: names of many languages, phone numbers of ranges in use, e-mail addresses."""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("people.txt")
_WITHOUT_EMAIL = 0.2
_WITH_MIDDLE_NAME = 0.1
_DOMAINS = ("example.com", "example.net", "example.org", "mail.example", "gmail.example")


@dataclass(frozen=True)
class Language:
    """A row of the table."""

    tag: str
    number: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    messages: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist."""

    language: str
    first_name: str
    middle_name: str | None
    last_name: str
    email: str | None
    phone: str
    messages: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


def languages() -> list[Language]:
    """The table. In a name of several words, & stands between these."""
    rows = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            tag, number, first, last, messages = (part.strip() for part in line.split("|"))
            names = (tuple(name.replace("&", " ") for name in names.split()) for names in (first, last))
            rows.append(Language(tag, number, *names, tuple(message.strip() for message in messages.split("/"))))
    return rows


def people(seed: int = 0) -> Iterator[Person]:
    """People without end. No two have the same number."""
    chance = random.Random(seed)
    table = languages()
    numbers: set[str] = set()
    while True:
        language = chance.choice(table)
        phone = "".join(str(chance.randrange(10)) if char == "#" else char for char in language.number)
        if phone in numbers:
            continue
        numbers.add(phone)
        first, last = chance.choice(language.first_names), chance.choice(language.last_names)
        has_middle_name, has_email = chance.random() < _WITH_MIDDLE_NAME, chance.random() >= _WITHOUT_EMAIL
        middle = chance.choice(language.first_names)
        address = f"{_ascii(first) or 'hello'}.{_ascii(last) or phone[-4:]}{len(numbers)}@{chance.choice(_DOMAINS)}"
        yield Person(
            language=language.tag,
            first_name=first,
            middle_name=middle if has_middle_name and middle != first else None,
            last_name=last,
            email=address if has_email else None,
            phone=phone,
            messages=tuple(chance.sample(language.messages, len(language.messages))),
        )


def _ascii(name: str) -> str:
    """The Latin letters of a name, without accents; empty for another script."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(char for char in plain.lower() if char.isalnum())
