"""Cases, the way of their headers to an application, and the small changes that all platforms' mutations are made of."""

import base64
import copy
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Headers = list[tuple[str, str]]

# Characters that a mutation puts into a text: what parsers, decoders and comparisons treat differently.
ODD_CHARACTERS = "aZ09 +%&=?;'\"/:@.,~_-\\<>[]{}|^`é世👋\u202e\u00a0"
TEXTS = [
    "Hi",
    "",
    " ",
    " padded ",
    "1+1 = 2 & 100% 'sure' \"too\"",
    "two\nlines\r\nand\ttabs",
    "Grüße aus Köln",
    "cafe\u0301 café",
    "世界 こんにちは",
    "👋🏽 👩‍👩‍👧",
    "\u202eright to left",
    "a=b&c=d#e?f;g",
    "%41%zz%",
    "\ufffd",
    "x" * 1600,
]


@dataclass
class Case:
    """A request, whom it is for, and when it came."""

    headers: Headers
    body: bytes
    settings: dict[str, str]
    secrets: dict[str, str]
    now_ms: int
    query: str | None = None
    jwks: dict[str, Any] | None = None
    what: list[str] = field(default_factory=list)
    mutated: bool = False
    # Why the library is expected to refuse what we accept, where a mutation cannot be recognised afterwards.
    hint: str | None = None
    # Values that a mutation needs to sign again.
    made: dict[str, Any] = field(default_factory=dict)


@dataclass
class Verdict:
    """The library's verdict, and the name of the known difference if ours is another."""

    theirs: bool
    explained: str | None


class NotApplicable(Exception):
    """This mutation does not fit this case."""


Mutation = Callable[[random.Random, Case], str]


def attempt(verify: Callable[[], bool]) -> bool:
    """A library that raises has not accepted."""
    try:
        return bool(verify())
    except Exception:  # noqa: BLE001 - whatever it raises, an application answers with an error
        return False


def generate(rng: random.Random, fresh: Callable, judge: Callable, mutations: list[Mutation], originals: int, mutants: int):
    """Requests as their platform makes them, then changed ones: every mutation comes first equally often, and some requests
    take several."""
    for _ in range(originals):
        case = fresh(rng)
        yield case, judge(case)
    made = 0
    while made < mutants:
        case = fresh(rng)
        case.mutated = True
        several = rng.choice((1, 1, 1, 2, 3))
        for number in range(several):
            mutate = mutations[made % len(mutations)] if number == 0 else rng.choice(mutations)
            # A hint is for a request with one change.
            if case.hint:
                break
            before = copy.deepcopy(case)
            try:
                case.what.append(f"{mutate.__name__.replace('_', ' ')}: {mutate(rng, case)}")
            except NotApplicable:
                case = before
                continue
            except (ValueError, TypeError, LookupError):
                # A request that an earlier change has broken need not be readable. One as signed is.
                if not before.what:
                    raise
                case = before
                continue
            if case.hint and number > 0:
                case = before
        # Without any, the mutation of this turn needs another request.
        if case.what:
            made += 1
            yield case, judge(case)


def line(platform: str, case: Case, verdict: Verdict) -> str:
    """The case as the Rust side reads it. A header's characters are its bytes."""
    return json.dumps(
        {
            "platform": platform,
            "what": "; ".join(case.what) or "as signed",
            "mutated": case.mutated,
            "query": case.query,
            "headers": case.headers,
            "body_base64": base64.b64encode(case.body).decode(),
            "settings": case.settings,
            "secrets": case.secrets,
            "now_ms": case.now_ms,
            "jwks": case.jwks,
            "theirs": verdict.theirs,
            "explained": verdict.explained,
        }
    )


def as_mapping(headers: Headers) -> dict[str, str]:
    """The headers as an application gets them: one that came twice is joined with a comma. Names that differ in the size of
    letters stay apart, because nothing in a mapping joins them."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def values(headers: Headers, name: str) -> list[str]:
    return [value for other, value in headers if other.lower() == name]


def value(headers: Headers, name: str) -> str | None:
    """The header as a mapping with lower-case names has it: the last spelling wins."""
    return {other.lower(): found for other, found in as_mapping(headers).items()}.get(name)


def replace(headers: Headers, name: str, new: str) -> None:
    present = [index for index, (other, _) in enumerate(headers) if other.lower() == name]
    if not present:
        raise NotApplicable
    headers[present[0]] = (headers[present[0]][0], as_header(new))


def change(case: Case, name: str, edit: Callable[[str], str]) -> str:
    """Changes one value of a header, and says how."""
    found = values(case.headers, name)
    if not found:
        raise NotApplicable
    replace(case.headers, name, edit(found[0]))
    return f"{name}: {values(case.headers, name)[0]!r}"


def as_header(text: str) -> str:
    """A text as the characters of a header: UTF-8, and nothing that HTTP does not let through."""
    raw = text.encode("utf-8", "surrogateescape") if any(ord(c) > 255 for c in text) else text.encode("latin-1")
    return "".join(chr(byte) for byte in raw if byte >= 0x20 and byte != 0x7F or byte == 0x09)


def edit_text(rng: random.Random, text: str, characters: str = ODD_CHARACTERS) -> str:
    """The text with one character changed, added, taken away or moved; never the same."""
    while True:
        at = rng.randrange(len(text) + 1)
        new = rng.choice(characters)
        edited = rng.choice(
            (
                text[:at] + new + text[at:],
                text[:at] + new + text[at + 1 :],
                text[:at] + text[at + 1 :],
                text[: at - 1] + text[at : at + 1] + text[at - 1 : at] + text[at + 1 :] if at else text,
                text[:at] + text[at : at + 1].swapcase() + text[at + 1 :],
            )
        )
        if edited != text:
            return edited


def edit_bytes(rng: random.Random, raw: bytes) -> bytes:
    """The bytes with one changed, added or taken away; never the same."""
    while True:
        at = rng.randrange(len(raw) + 1)
        new = bytes([rng.randrange(256)])
        flipped = bytes([raw[at] ^ (1 << rng.randrange(8))]) if at < len(raw) else new
        edited = rng.choice(
            (raw[:at] + new + raw[at:], raw[:at] + flipped + raw[at + 1 :], raw[:at] + raw[at + 1 :], raw[:at], raw + raw)
        )
        if edited != raw:
            return edited


def any_case(rng: random.Random, text: str) -> str:
    return "".join(rng.choice((c.lower(), c.upper())) for c in text)


# Mutations that fit every platform and change nothing that is signed.


def header_names_in_other_letters(rng: random.Random, case: Case) -> str:
    case.headers = [(any_case(rng, name), value) for name, value in case.headers]
    return ", ".join(name for name, _ in case.headers)


def headers_in_another_order(rng: random.Random, case: Case) -> str:
    # Those of one name stay in order: the others say nothing by theirs.
    names = list(dict.fromkeys(name.lower() for name, _ in case.headers))
    rng.shuffle(names)
    case.headers = [pair for name in names for pair in case.headers if pair[0].lower() == name]
    return ", ".join(name for name, _ in case.headers)


def header_that_nobody_signs(rng: random.Random, case: Case) -> str:
    name = rng.choice(("X-Forwarded-For", "X-Amzn-Trace-Id", "Accept", "User-Agent", "X-Signature", "Cookie", "Via"))
    case.headers.insert(rng.randrange(len(case.headers) + 1), (name, as_header(rng.choice(TEXTS)[:200].strip())))
    return name


def body_changed(rng: random.Random, case: Case) -> str:
    case.body = edit_bytes(rng, case.body)
    return f"{len(case.body)} bytes"


HARMLESS: list[Mutation] = [header_names_in_other_letters, headers_in_another_order, header_that_nobody_signs]
