#!/usr/bin/env python3
"""Prints the ids under which logs and table know an event of a platform.

Arguments: the connector's id, and the event's key (infra/runbook.md lists the keys of each platform).
"""

import hashlib
import sys

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def derived(kind: str, *parts: str) -> str:
    """The id that these parts always name, as `derive` of shared/domain/src/ids.rs makes it."""
    digest = hashlib.sha256()
    for part in (kind, *parts):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    number = int.from_bytes(digest.digest()[:16], "big")
    return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__)
        return 2
    connector, key = arguments
    print(f"delivery  {derived('DeliveryId', connector, key)}")
    print(f"row       CONNECTOR#{connector}#EVENT#{derived('InboundEventId', key)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
