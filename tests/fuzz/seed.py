#!/usr/bin/env python3
"""Makes the fuzzers' first inputs and words of the captured events and of `answers/`.

A platform is a file of `answers/`, named like its target. It begins with the address of the platform's webhooks and what a stranger
would send there too: the right headers, with the wrong thing in them. Answers of the platform's API follow.

Nothing of it is committed: `corpus/<target>/` and `dictionaries/<target>.dict` of `libfuzzer/` are made again when wanted.
"""

import json
import pathlib
import re
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
EVENTS = HERE.parent.parent / "events"
ANSWERS = HERE / "answers"
LIBFUZZER = HERE / "libfuzzer"
WORD_MAX = 60
MARK = "\ufeff".encode()
# Halves of a surrogate pair, as escapes and as bytes that are not UTF-8, the same escape escaped, a byte order mark, a bare line break.
BAD_CHARACTERS = {r"\ud83d", r"\ude00", r"\\ud83d", "\ud83d", "\ufeff", "\n"}


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


def marked(text: bytes) -> bytes:
    """The same with a byte order mark before each JSON object that begins a line."""
    return re.sub(rb"^\{", MARK + b"{", text, flags=re.MULTILINE)


@dataclass(frozen=True)
class Platform:
    """Content of a file of `answers/`."""

    path: str
    headers: list[str]
    answers: list[bytes]

    @staticmethod
    def read(file: pathlib.Path) -> "Platform":
        head, *answers = re.split(rb"\n====\n", file.read_bytes().rstrip(b"\n"))
        path, *headers = head.decode().split("\n")
        return Platform(path, headers, answers)

    def events(self) -> list[pathlib.Path]:
        folder = EVENTS / self.path.rpartition("/")[2]
        return sorted(path for path in folder.iterdir() if path.suffix in (".json", ".form"))

    def request(self, event: pathlib.Path) -> bytes:
        lines = ["", *self.headers, f"content-type: {media_type(event)}", "", ""]
        return "\n".join(lines).encode() + event.read_bytes()

    def http_event(self, event: pathlib.Path) -> bytes:
        """Input of `event`: the path first, then a request."""
        return f"{self.path}/{{connector}}\n".encode() + self.request(event)


def main() -> None:
    seeds: dict[str, list[bytes]] = {"event": [b"/\n\n", b"/a%20b/?x=1#y\na=1&b=%3C\nhost: api.example.com:443\n\n{}"]}
    dictionaries: dict[str, set[str]] = {
        "event": {"host: ", "x-forwarded-proto: ", "content-type: ", "http", "https", "%2f", "..", "?", "#", "//", "\\", "@", ":99999"}
    }
    for file in sorted(ANSWERS.glob("*.txt")):
        target, platform = file.stem, Platform.read(file)
        events = platform.events()
        seeds[target] = [platform.request(event) for event in events] + platform.answers
        messages = [event for event in events if event.name.startswith("message_") and event.suffix == ".json"]
        seeds[target] += [marked(platform.request(event)) for event in messages[:2]] + [marked(answer) for answer in platform.answers]
        seeds["event"] += [platform.http_event(event) for event in events if event.name.startswith("message_")][:6]
        dictionaries[target] = BAD_CHARACTERS.union(*(words(event) for event in events))
        for answer in platform.answers:
            for line in answer.split(b"\n"):
                try:
                    words_of(json.loads(line), dictionaries[target])
                except (ValueError, RecursionError):
                    continue
    for target, inputs in seeds.items():
        corpus = LIBFUZZER / "corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        for index, seed in enumerate(inputs):
            (corpus / f"seed-{index:03}").write_bytes(seed)
    (LIBFUZZER / "dictionaries").mkdir(exist_ok=True)
    for target, found in dictionaries.items():
        lines = [f'"{escaped(word)}"' for word in sorted(found) if 1 <= len(word) <= WORD_MAX]
        (LIBFUZZER / "dictionaries" / f"{target}.dict").write_text("\n".join(lines) + "\n")
    print(", ".join(f"{target}: {len(inputs)}" for target, inputs in seeds.items()))


if __name__ == "__main__":
    main()
