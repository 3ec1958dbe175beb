#!/usr/bin/env python3
"""Prints an answer of the admin API as a table: `curl … | python3 infra/scripts/table.py id connector.name user_name`.

The arguments are the fields to show, with dots between levels; a list has a line for each of its records. What is no record, such as
a problem, is printed whole, as indented JSON. `--first id` prints that field of the first record alone, for a variable of the shell.
"""

import json
import sys

GAP = "  "
# Texts are cut, ids (26 characters) never.
CELL_MAX = 40


def main(arguments: list[str]) -> int:
    only_first = arguments[:1] == ["--first"]
    fields = arguments[1:] if only_first else arguments
    if not fields or (only_first and len(fields) > 1):
        print("Name the fields to show, such as: id name", file=sys.stderr)
        return 2
    text = sys.stdin.read()
    try:
        answer = json.loads(text)
    except ValueError:
        print(text.strip() or "There was no answer.", file=sys.stderr)
        return 1
    records = records_of(answer)
    if records is None:
        print(json.dumps(answer, indent=4), file=sys.stderr if only_first else sys.stdout)
        return 1
    if only_first:
        print(*(value_of(record, fields[0]) for record in records[:1]))
        return 0
    if not records:
        print("The list is empty.")
        return 0
    print_rows([fields, *([cell(record, field) for field in fields] for record in records)])
    if cursor := answer.get("next_cursor"):
        print(f"There are more: add cursor={cursor} to the address.")
    return 0


def records_of(answer) -> list | None:
    """The records of a list, or the one record that the answer is; None if it is neither."""
    if not isinstance(answer, dict):
        return None
    if isinstance(answer.get("items"), list):
        return answer["items"]
    return [answer] if "id" in answer else None


def value_of(value, field: str) -> str:
    """The field's value, without characters that would steer a terminal: people choose some of the names."""
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value)
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(text.split()))


def cell(record, field: str) -> str:
    text = value_of(record, field)
    return text if len(text) <= CELL_MAX else text[: CELL_MAX - 1] + "…"


def print_rows(rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print(GAP.join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
