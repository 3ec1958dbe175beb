#!/usr/bin/env python3
"""Makes the fuzzers' first inputs and words of the captured events and of `answers/`.

Nothing of it is committed: `corpus/<target>/` and `dictionaries/<target>.dict` are made again when wanted.
"""

import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
EVENTS = HERE.parent.parent / "events"
TARGETS = {"slack": "slack", "teams": "teams", "telegram": "telegram", "dialog360": "360dialog", "twilio": "twilio"}
# What a stranger would send too: the right header, with the wrong thing in it.
HEADERS = {
    "slack": ["x-slack-request-timestamp: 1697043283", "x-slack-signature: v0=" + "0" * 64],
    "teams": ["authorization: Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS1vbmUifQ.e30.AA"],
    "telegram": ["x-telegram-bot-api-secret-token: secret"],
    "dialog360": ["authorization: Bearer secret"],
    "twilio": ["x-twilio-signature: " + "A" * 27 + "="],
}
WORD_MAX = 60


def media_type(event: pathlib.Path) -> str:
    return "application/x-www-form-urlencoded" if event.suffix == ".form" else "application/json"


def words_of(value, found: set[str]) -> None:
    if isinstance(value, dict):
        for name, field in value.items():
            found.add(json.dumps(name))
            words_of(field, found)
    elif isinstance(value, list):
        for field in value:
            words_of(field, found)
    else:
        found.add(json.dumps(value))


def words(event: pathlib.Path) -> set[str]:
    found: set[str] = set()
    body = event.read_bytes()
    if event.suffix == ".form":
        text = body.decode("utf-8", "replace")
        found.update(part for pair in text.split("&") for part in (pair.split("=")[0] + "=", "=" + pair.split("=")[-1]))
    else:
        try:
            words_of(json.loads(body), found)
        except (ValueError, RecursionError):
            pass
    return {word for word in found if 1 < len(word) <= WORD_MAX}


def escaped(word: str) -> str:
    encoded = word.encode("utf-8", "surrogatepass")
    return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02x}" for b in encoded)


def http_event(target: str, event: pathlib.Path) -> bytes:
    """What `event` reads: the path first, then a request."""
    path = f"/webhooks/{TARGETS[target]}/{{connector}}"
    return f"{path}\n".encode() + request(target, event)


def request(target: str, event: pathlib.Path) -> bytes:
    lines = ["", *HEADERS[target], f"content-type: {media_type(event)}", "", ""]
    return "\n".join(lines).encode() + event.read_bytes()


def main() -> None:
    seeds: dict[str, list[bytes]] = {"event": [b"/\n\n", b"/a%20b/?x=1#y\na=1&b=%3C\nhost: api.example.com:443\n\n{}"]}
    dictionaries: dict[str, set[str]] = {
        "event": {"host: ", "x-forwarded-proto: ", "content-type: ", "http", "https", "%2f", "..", "?", "#", "//", "\\", "@", ":99999"}
    }
    for target, key in TARGETS.items():
        events = sorted(path for path in (EVENTS / key).iterdir() if path.suffix in (".json", ".form"))
        answers = re.split(rb"\n====\n", (HERE / "answers" / f"{target}.txt").read_bytes().rstrip(b"\n"))
        seeds[target] = [request(target, event) for event in events] + answers
        seeds["event"] += [http_event(target, event) for event in events if event.name.startswith("message_")][:6]
        dictionaries[target] = set().union(*(words(event) for event in events))
        for answer in answers:
            for line in answer.split(b"\n"):
                try:
                    words_of(json.loads(line), dictionaries[target])
                except (ValueError, RecursionError):
                    continue
    for target, inputs in seeds.items():
        corpus = HERE / "corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        for index, seed in enumerate(inputs):
            (corpus / f"seed-{index:03}").write_bytes(seed)
    (HERE / "dictionaries").mkdir(exist_ok=True)
    for target, found in dictionaries.items():
        lines = [f'"{escaped(word)}"' for word in sorted(found) if 1 <= len(word) <= WORD_MAX]
        (HERE / "dictionaries" / f"{target}.dict").write_text("\n".join(lines) + "\n")
    print(", ".join(f"{target}: {len(inputs)}" for target, inputs in seeds.items()))


if __name__ == "__main__":
    main()
