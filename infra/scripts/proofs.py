#!/usr/bin/env python3
"""Finds the tests that prove a line of the specification or a requirement of the ASVS.

`proofs.py spec` prints, for each id in tests/spec.txt, the tests whose documentation or title names it, and exits 1 if one has none.
`proofs.py console` does so for the ids in tests/console/lines.txt and the browser tests there, apart from those with a reason.
`proofs.py asvs` checks that each test and file named in infra/asvs.md exists, that each requirement there has a proof, a reason or an
open point, and that no requirement is missing; it prints how many have which. A test is named as file::function, or file::title.

A test names ids after the word SPEC: `/// SPEC D15, D17–D18: …` above a Rust test, `test("… (SPEC D15)", …)` or a comment above a browser
test; the lines about the console, such as U110, need no word before. It reads text, so a test that a macro makes is not seen.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "tests" / "spec.txt"
BROWSER_TESTS = ROOT / "tests" / "console" / "src"
CONSOLE = BROWSER_TESTS.parent / "lines.txt"
ASVS = ROOT / "infra" / "asvs.md"
FOLDERS = ("functions", "shared", "tests", "console")
# Browser tests that do not pass yet, and prove nothing.
OPEN = ROOT / "tests" / "console" / "open"
BUILT = {"target", "node_modules", "dist"}

_TEST_ATTRIBUTE = re.compile(r"#\[(?:tokio::)?test\b")
_FUNCTION = re.compile(r"(?:async )?fn (\w+)")
_BROWSER_TEST = re.compile(r"""^\s*(?:test|it)(?:\.\w+)?\(\s*(["'`])(.+?)\1""")
_COMMENT = re.compile(r"^\s*(?:///?|/?\*+/?)\s?(.*?)(?:\*/)?$")
_IDS = re.compile(r"\b([A-Z])(\d{2})(?:([a-z])|[–-]\1?(\d{2}))?\b")
_CONSOLE_IDS = re.compile(r"\bU(\d{3})(?:[–-]U?(\d{3}))?\b")
_REASONS = ("elsewhere:", "later:")
_REQUIREMENT = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d) \| ([^|]+) \| ([^|]+) \|$")
_NAMED = re.compile(r"`([^`]+)`")
_TEST_NAME = re.compile(r"\.(?:rs|[cm]?[jt]sx?)::")
_EVIDENCE = ("test:", "file:", "reason:", "not applicable:", "open:")


# ASVS 5.0: level 1 whole, and level 2 of chapters 6 to 10 whole; `section:numbers`.
_SCOPE = """
1.2:1-5 1.3:1-2 1.5:1-1 2.1:1-1 2.2:1-2 2.3:1-1 3.2:1-2 3.3:1-1 3.4:1-2 3.5:1-3 4.1:1-1 4.4:1-1 5.2:1-2 5.3:1-2
6.1:1-3 6.2:1-12 6.3:1-4 6.4:1-4 6.5:1-5 6.6:1-3 6.8:1-4 7.1:1-3 7.2:1-4 7.3:1-2 7.4:1-5 7.5:1-2 7.6:1-2
8.1:1-2 8.2:1-3 8.3:1-1 8.4:1-1 9.1:1-3 9.2:1-4 10.1:1-2 10.2:1-2 10.3:1-4 10.4:1-11 10.5:1-5 10.6:1-2 10.7:1-3
11.3:1-2 11.4:1-1 12.1:1-1 12.2:1-2 13.4:1-1 14.2:1-1 14.3:1-1 15.1:1-1 15.2:1-1 15.3:1-1
"""


@dataclass(frozen=True)
class Test:
    file: str
    name: str
    documentation: str

    def __str__(self) -> str:
        return f"{self.file}::{self.name}"


def main(arguments: list[str]) -> int:
    if arguments == ["spec"]:
        return spec()
    if arguments == ["console"]:
        return console()
    if arguments == ["asvs"]:
        return asvs()
    print(__doc__)
    return 2


def spec() -> int:
    """Prints the table of ids and their tests."""
    return table(lines(SPEC), [(test, ids(test.documentation)) for test in tests()])


def console() -> int:
    """Prints the table of ids about the console and their browser tests."""
    browser_tests = [test for file in sorted(BROWSER_TESTS.rglob("*.spec.ts")) if not BUILT & set(file.parts) for test in _browser_tests(file)]
    return table(lines(CONSOLE), [(test, console_ids(test.documentation)) for test in browser_tests])


def lines(file: Path) -> dict[str, str]:
    """The ids that a list asks tests for, with what each means."""
    return dict(line.split(maxsplit=1) for line in file.read_text().splitlines() if line and not line.startswith("#"))


def table(wanted: dict[str, str], named: list[tuple[Test, set[str]]]) -> int:
    """Prints the tests of each id, and which ids have none."""
    proofs = defaultdict(list)
    for test, names in named:
        for name in names:
            proofs[name].append(test)
    missing = [name for name, meaning in wanted.items() if not proofs[name] and not meaning.startswith(_REASONS)]
    for name, meaning in wanted.items():
        print(f"{name}  {meaning}")
        for test in proofs[name]:
            print(f"     {test}")
    print(f"{len(wanted)} lines, {len(missing)} without a test{': ' + ', '.join(missing) if missing else ''}")
    return 1 if missing else 0


def asvs() -> int:
    """Checks the list of requirements."""
    known = {str(test) for test in tests()}
    seen: set[str] = set()
    problems, kinds = [], Counter()
    for number, line in enumerate(ASVS.read_text().splitlines(), 1):
        if not re.match(r"\| \d+\.", line):
            continue
        row = _REQUIREMENT.match(line)
        if not row:
            problems.append(f"line {number}: not `| id | level | requirement | proof |`")
            continue
        requirement, _level, _meaning, proof = row.groups()
        kind = next((kind for kind in _EVIDENCE if proof.startswith(kind)), None)
        if requirement in seen:
            problems.append(f"{requirement}: named twice")
        seen.add(requirement)
        if kind is None:
            problems.append(f"{requirement}: the proof begins with none of {', '.join(_EVIDENCE)}")
            continue
        kinds[kind] += 1
        named = _NAMED.findall(proof)
        if kind in ("test:", "file:") and not named:
            problems.append(f"{requirement}: names no test and no file")
        for name in named:
            if _TEST_NAME.search(name) and name not in known:
                problems.append(f"{requirement}: there is no test {name}")
            elif name.split("/")[0] in (*FOLDERS, "infra", ".ci") and "::" not in name and not (ROOT / name).exists():
                problems.append(f"{requirement}: there is no file {name}")
    required = scope()
    problems += [f"{requirement}: missing" for requirement in sorted(required - seen)]
    problems += [f"{requirement}: not in the scope of the list" for requirement in sorted(seen - required)]
    for problem in problems:
        print(problem)
    print(f"{len(seen)} requirements: {', '.join(f'{count} {kind[:-1]}' for kind, count in kinds.most_common())}; {len(problems)} problems")
    return 1 if problems else 0


def scope() -> set[str]:
    """The requirements that the list must have."""
    numbers = set()
    for section, first, last in re.findall(r"(\d+\.\d+):(\d+)-(\d+)", _SCOPE):
        numbers |= {f"{section}.{number}" for number in range(int(first), int(last) + 1)}
    return numbers


def ids(text: str) -> set[str]:
    """The ids that follow the word SPEC, ranges included."""
    _, _, after = text.partition("SPEC")
    found = set()
    for letter, first, variant, last in _IDS.findall(after):
        found |= {f"{letter}{number:02}{variant}" for number in range(int(first), int(last or first) + 1)}
    return found


def console_ids(text: str) -> set[str]:
    """The ids of lines about the console, ranges included."""
    return {f"U{number:03}" for first, last in _CONSOLE_IDS.findall(text) for number in range(int(first), int(last or first) + 1)}


def tests() -> Iterator[Test]:
    """Every test of the repository."""
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            if BUILT & set(file.relative_to(ROOT).parts) or OPEN in file.parents:
                continue
            if file.suffix == ".rs":
                yield from _rust_tests(file)
            elif re.search(r"\.(test|spec)\.\w+$", file.name):
                yield from _browser_tests(file)


def _rust_tests(file: Path) -> Iterator[Test]:
    name = str(file.relative_to(ROOT))
    documentation: list[str] = []
    is_test = False
    for line in file.read_text().splitlines():
        line = line.strip()
        if line.startswith("///"):
            documentation.append(line[3:].strip())
        elif line.startswith("#["):
            is_test = is_test or bool(_TEST_ATTRIBUTE.match(line))
        else:
            function = _FUNCTION.match(line)
            if function and is_test:
                yield Test(name, function[1], " ".join(documentation))
            documentation, is_test = [], False


def _browser_tests(file: Path) -> Iterator[Test]:
    name = str(file.relative_to(ROOT))
    comments: list[str] = []
    for line in file.read_text().splitlines():
        test = _BROWSER_TEST.match(line)
        comment = _COMMENT.match(line)
        if test:
            yield Test(name, test[2], " ".join([*comments, test[2]]))
        comments = [*comments, comment[1]] if comment and not test else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
