#!/usr/bin/env python3
"""Prints how large each built function is, as Lambda gets it: zipped."""

import io
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main(functions: list[str]) -> int:
    print(f"{'function':<24} {'binary':>10} {'zip':>10}")
    for function in functions:
        bootstrap = ROOT / "target" / "lambda" / function / "bootstrap"
        if not bootstrap.exists():
            print(f"{function:<24} not built")
            return 1
        content = bootstrap.read_bytes()
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bootstrap", content)
        print(f"{function:<24} {len(content) / 1e6:>7.2f} MB {package.tell() / 1e6:>7.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
