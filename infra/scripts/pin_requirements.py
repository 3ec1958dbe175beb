#!/usr/bin/env python3
"""Writes each `requirements*.txt` anew from the `.in` file beside it: all that it needs, pinned, with the hashes of every platform's files.

Needs `.local/installer`, which `make tools` makes. What a list pins already stays unless `--upgrade` is given.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".local" / "installer" / "bin" / "uv"
# The oldest Python that the local stack runs on; what later ones need instead is in the list too.
PYTHON = "3.10"


def main(options: list[str]) -> int:
    for wanted in sorted([*ROOT.glob("infra/local/requirements*.in"), *ROOT.glob("tests/*/requirements*.in")]):
        pinned = wanted.with_suffix(".txt")
        print(pinned.relative_to(ROOT))
        command = [str(UV), "pip", "compile", "--quiet", "--universal", "--python-version", PYTHON, "--generate-hashes", "--no-strip-extras"]
        command += ["--no-header", "--no-emit-index-url", "--no-annotate", *options, str(wanted), "--output-file", str(pinned)]
        subprocess.run(command, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
