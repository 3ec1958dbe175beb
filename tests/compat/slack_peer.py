"""Slack's requests, signed and checked with `slack_sdk.signature`."""

import hashlib
import hmac
import json
import random
import unicodedata
from urllib.parse import urlencode

from cases import (
    HARMLESS,
    TEXTS,
    Case,
    NotApplicable,
    Verdict,
    any_case,
    as_header,
    as_mapping,
    attempt,
    body_changed,
    change,
    edit_text,
    replace,
    value,
    values,
)
from slack_sdk.signature import Clock, SignatureVerifier

TIMESTAMP = "x-slack-request-timestamp"
SIGNATURE = "x-slack-signature"
CURRENT, PREVIOUS = "signing_secret", "previous_signing_secret"
SECRETS = [
    "8f742231b10e8888abcd99yyyzzz85a5",
    "0123456789abcdef0123456789abcdef",
    "with spaces within it",
    " with spaces around it ",
    "quotes'\"`\\and%41signs",
    "Schlüssel-世界-👋-secret",
    "cafe\u0301-decomposed-secret",
    "s" * 64,
    "s" * 65,
    "long" * 100,
]
BLANK_SECRETS = ["", " ", "\t\r\n", "\u00a0\u2003"]
WINDOW = 300


class FixedClock(Clock):
    def __init__(self, now_ms: int):
        self._now = now_ms / 1000

    def now(self) -> float:
        return self._now


def fresh(rng: random.Random) -> Case:
    """An event, as Slack posts it, within its five minutes."""
    at = rng.randrange(1_500_000_000, 2_000_000_000)
    case = Case(
        headers=[
            ("Content-Type", "application/json"),
            ("X-Slack-Request-Timestamp", str(at)),
            ("X-Slack-Signature", ""),
            ("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)"),
        ],
        body=_body(rng),
        settings={"api_app_id": "A0001", "team_id": "T0001"},
        secrets={CURRENT: rng.choice(SECRETS)},
        now_ms=(at + rng.randrange(-WINDOW + 1, WINDOW)) * 1000 + rng.randrange(1000),
        made={"at": at},
    )
    _sign(case)
    return case


def judge(case: Case) -> Verdict:
    theirs = _library_accepts(case, case.body, case.now_ms)
    if _is_stricter_with_headers(case):
        return Verdict(theirs, "slack-repeated-header" if theirs else None)
    if not (value(case.headers, TIMESTAMP) or "").isascii() or not (value(case.headers, TIMESTAMP) or "").isdigit():
        return Verdict(theirs, "slack-timestamp-spelling" if theirs else None)
    return Verdict(theirs, None if theirs else _reason_why_only_we_accept(case))


def _library_accepts(case: Case, body: bytes, now_ms: int) -> bool:
    """With the SDK, an application that rotates its secret asks it once for each."""
    return any(
        attempt(lambda s=secret: SignatureVerifier(s, FixedClock(now_ms)).is_valid_request(body, as_mapping(case.headers)))
        for secret in _secrets(case)
    )


def _secrets(case: Case) -> list[str]:
    """None without a current one: a former secret alone is no configuration."""
    blank = not case.secrets.get(CURRENT, "").strip()
    return [] if blank else [secret for secret in case.secrets.values() if secret.strip()]


def _is_stricter_with_headers(case: Case) -> bool:
    return any(len(values(case.headers, name)) > 1 for name in (TIMESTAMP, SIGNATURE))


def _reason_why_only_we_accept(case: Case) -> str | None:
    if _library_accepts(case, case.body, case.now_ms // 1000 * 1000):
        return "slack-fraction-of-a-second"
    at, claimed = value(case.headers, TIMESTAMP), value(case.headers, SIGNATURE)
    try:
        case.body.decode()
    except UnicodeDecodeError:
        # Python reads no more than 4,300 digits.
        in_time = len(at) < 100 and abs(case.now_ms // 1000 - int(at)) <= WINDOW
        if in_time and any(claimed == _sign_bytes(secret, at, case.body) for secret in _secrets(case)):
            return "slack-body-not-utf8"
    return None


def _sign_bytes(secret: str, at: str, body: bytes) -> str:
    """The signature of a body that the SDK cannot read."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()


def _sign(case: Case, secret: str | None = None) -> None:
    timestamp = value(case.headers, TIMESTAMP)
    secret = _current(case) if secret is None else secret
    if timestamp is None or not secret.strip():
        raise NotApplicable
    try:
        signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=case.body)
    except UnicodeDecodeError:
        raise NotApplicable from None
    replace(case.headers, SIGNATURE, signature)


def _current(case: Case) -> str:
    if CURRENT not in case.secrets:
        raise NotApplicable
    return case.secrets[CURRENT]


def _body(rng: random.Random) -> bytes:
    text = rng.choice(TEXTS)
    event = {"type": "event_callback", "team_id": "T0001", "event": {"type": "message", "user": "U1", "text": text}}
    return rng.choice(
        (
            json.dumps(event).encode(),
            json.dumps(event, ensure_ascii=False).encode(),
            json.dumps(event, ensure_ascii=False, indent=2).encode(),
            urlencode({"payload": json.dumps(event), "text": text}).encode(),
            text.encode(),
            b"\x00" + text.encode(),
        )
    )


# Mutations. Their names are the words of the report.


def body_changed_and_signed(rng, case):
    body_changed(rng, case)
    _sign(case)
    return f"{len(case.body)} bytes"


def body_with_other_characters(rng, case):
    at = rng.randrange(len(case.body) + 1)
    new = rng.choice(TEXTS).encode()
    case.body = case.body[:at] + new + case.body[at:]
    if rng.random() < 0.5:
        _sign(case)
    return f"{len(case.body)} bytes"


def body_not_utf8_and_signed(rng, case):
    case.body = rng.choice((b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80")) + case.body
    secret = rng.choice(list(case.secrets.values()) or [""])
    replace(case.headers, SIGNATURE, _sign_bytes(secret, value(case.headers, TIMESTAMP) or "", case.body))
    return f"{case.body[:5]!r}"


def body_written_anew(rng, case):
    try:
        case.body = json.dumps(json.loads(case.body), separators=(",", ":"), sort_keys=True).encode()
    except ValueError:
        raise NotApplicable from None
    return "JSON"


def body_normalised(rng, case):
    try:
        text = case.body.decode()
    except UnicodeDecodeError:
        raise NotApplicable from None
    form = rng.choice(("NFC", "NFD", "NFKC"))
    case.body = unicodedata.normalize(form, text).encode()
    return form


def body_emptied(rng, case):
    case.body = b""
    if rng.random() < 0.5:
        _sign(case)
    return "empty"


def timestamp_moved(rng, case):
    by = rng.choice((-300, -2, -1, 1, 2, 300, 86_400))
    return change(case, TIMESTAMP, lambda _: str(case.made["at"] + by))


def timestamp_moved_and_signed(rng, case):
    by = rng.choice((-601, -300, -60, -1, 1, 60, 300, 601))
    said = change(case, TIMESTAMP, lambda _: str(case.made["at"] + by))
    _sign(case)
    return said


def timestamp_spelled_otherwise(rng, case):
    at = str(case.made["at"])
    spelled = rng.choice(
        (f"+{at}", f" {at}", f"{at} ", f"\t{at}", f"00{at}", f"{at[:4]}_{at[4:]}", f"-{at}", f"{at}.0", f"{at}e0", hex(int(at)),
         f"\u00a0{at}", f"{at},{at}", f"{at}L", f"\u00b2{at[1:]}", "", " ", "now", "9" * 30, "9" * 5000, "-0", "0")
    )  # fmt: skip
    said = change(case, TIMESTAMP, lambda _: spelled)[:80]
    if rng.random() < 0.8:
        _sign(case)
    return said


def clock_at_the_edge(rng, case):
    case.now_ms = case.made["at"] * 1000 + rng.choice((-1, 1)) * WINDOW * 1000 + rng.choice((-1000, -1, 0, 1, 500, 999, 1000))
    return f"{case.now_ms - case.made['at'] * 1000} ms after the request"


def clock_moved(rng, case):
    case.now_ms = case.made["at"] * 1000 + rng.randrange(-400_000, 400_000)
    return f"{case.now_ms - case.made['at'] * 1000} ms after the request"


def signature_changed(rng, case):
    return change(case, SIGNATURE, lambda text: edit_text(rng, text))


def signature_digit_changed(rng, case):
    def edit(text):
        at = rng.randrange(3, len(text)) if len(text) > 3 else 0
        return text[:at] + rng.choice("0123456789abcdef") + text[at + 1 :]

    return change(case, SIGNATURE, edit)


def signature_in_other_letters(rng, case):
    return change(case, SIGNATURE, rng.choice((str.upper, str.title, lambda text: any_case(rng, text), lambda text: text[:3] + text[3:].upper())))


def signature_prefix_changed(rng, case):
    prefix = rng.choice(("", "v1=", "V0=", "v0", "v0:", "v0==", "v0= ", "sha256=", "v0=v0=", " v0="))
    return change(case, SIGNATURE, lambda text: prefix + text[3:])


def signature_with_more_or_less(rng, case):
    edit = rng.choice(
        (lambda t: t[:-1], lambda t: t[:-2], lambda t: t + "0", lambda t: t + "00", lambda t: f"{t} ", lambda t: f" {t}",
         lambda t: f"{t},{t}", lambda t: f'"{t}"', lambda t: t + "\u00e9", lambda t: "", lambda t: "v0=", lambda t: f"\t{t}")
    )  # fmt: skip
    return change(case, SIGNATURE, edit)


def header_missing(rng, case):
    name = rng.choice((TIMESTAMP, SIGNATURE))
    case.headers = [pair for pair in case.headers if pair[0].lower() != name]
    return name


def unsigned_header_missing(rng, case):
    name = rng.choice(("content-type", "user-agent"))
    case.headers = [pair for pair in case.headers if pair[0].lower() != name]
    return name


def header_repeated(rng, case):
    name = rng.choice((TIMESTAMP, SIGNATURE))
    found = value(case.headers, name)
    if found is None:
        raise NotApplicable
    good = rng.random() < 0.5
    first = found if good else as_header(edit_text(rng, found))
    spelled = rng.choice((name, name.title(), name.upper()))
    case.headers.insert(rng.randrange(len(case.headers) + 1), (spelled, first))
    return f"{spelled}: {first!r}"


def headers_exchanged(rng, case):
    at, signature = value(case.headers, TIMESTAMP), value(case.headers, SIGNATURE)
    if at is None or signature is None:
        raise NotApplicable
    replace(case.headers, TIMESTAMP, signature)
    replace(case.headers, SIGNATURE, at)
    return "timestamp and signature"


def secret_changed(rng, case):
    case.secrets[CURRENT] = edit_text(rng, _current(case))
    return "another secret"


def secret_with_odd_characters(rng, case):
    case.secrets[CURRENT] = edit_text(rng, rng.choice(SECRETS))
    _sign(case)
    return repr(case.secrets[CURRENT])[:60]


def secret_trimmed(rng, case):
    trimmed = _current(case).strip()
    case.secrets[CURRENT] = f" {trimmed}\n" if trimmed == _current(case) else trimmed
    return "spaces around it"


def secret_blank(rng, case):
    blank = rng.choice(BLANK_SECRETS)
    at = value(case.headers, TIMESTAMP)
    if at is None:
        raise NotApplicable
    replace(case.headers, SIGNATURE, _sign_bytes(blank, at, case.body))
    case.secrets[rng.choice((CURRENT, PREVIOUS))] = blank
    return repr(blank)


def secret_missing(rng, case):
    secret = case.secrets.pop(CURRENT, "")
    if rng.random() < 0.5:
        case.secrets[PREVIOUS] = secret
    return f"only {list(case.secrets)}"


def secret_rotated(rng, case):
    case.secrets[PREVIOUS] = _current(case)
    case.secrets[CURRENT] = rng.choice(SECRETS) + "-new"
    signed_with = rng.choice((CURRENT, PREVIOUS, None))
    _sign(case, case.secrets[signed_with] if signed_with else "a third secret")
    return f"signed with {signed_with}"


MUTATIONS = [
    *HARMLESS,
    unsigned_header_missing,
    body_changed,
    body_changed_and_signed,
    body_with_other_characters,
    body_not_utf8_and_signed,
    body_written_anew,
    body_normalised,
    body_emptied,
    timestamp_moved,
    timestamp_moved_and_signed,
    timestamp_spelled_otherwise,
    clock_at_the_edge,
    clock_moved,
    signature_changed,
    signature_digit_changed,
    signature_in_other_letters,
    signature_prefix_changed,
    signature_with_more_or_less,
    header_missing,
    header_repeated,
    headers_exchanged,
    secret_changed,
    secret_with_odd_characters,
    secret_trimmed,
    secret_blank,
    secret_missing,
    secret_rotated,
]
