#!/usr/bin/env python3
"""Prints the software bill of materials of some functions: CycloneDX 1.6, the same text for the same sources.

Rust's part is what the functions are built from for one target, as `cargo metadata` and Cargo.lock tell; the console's is what browsers load,
as package-lock.json tells. What only takes part in the build, such as macros, has the scope `excluded`.
"""

import argparse
import base64
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = ROOT / "functions" / "console" / "web"
# The function that has the console's files in it.
CONSOLE_FUNCTION = "console"


def cargo_metadata(target: str) -> dict:
    command = [os.environ.get("CARGO", "cargo"), "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)


def crate_checksums(lock: str) -> dict[tuple[str, str], str]:
    checksums = {}
    for block in lock.split("[[package]]")[1:]:
        fields = dict(re.findall(r'^(name|version|checksum) = "(.*)"$', block, re.MULTILINE))
        if "checksum" in fields:
            checksums[fields["name"], fields["version"]] = fields["checksum"]
    return checksums


def licences(expression: str | None) -> list[dict]:
    # Old crates separate a choice by a slash.
    return [{"expression": re.sub(r"\s*/\s*", " OR ", expression)}] if expression else []


def is_macro(package: dict) -> bool:
    return any("proc-macro" in target["kind"] for target in package["targets"])


def reachable(metadata: dict, roots: list[str], *, with_build: bool) -> set[str]:
    """The packages that these are made of; with what takes part in the build, if wanted."""
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    found: set[str] = set()
    left = list(roots)
    while left:
        package = left.pop()
        if package in found or (not with_build and is_macro(packages[package])):
            continue
        found.add(package)
        left += used_by_crate(nodes[package], with_build=with_build)
    return found


def used_by_crate(node: dict, *, with_build: bool) -> list[str]:
    """The packages that this one needs, without those of its tests."""
    wanted = {None, "build"} if with_build else {None}
    return [
        dependency["pkg"]
        for dependency in node["deps"]
        if wanted & {kind["kind"] for kind in dependency["dep_kinds"]}
    ]


def crates(metadata: dict, functions: list[str], checksums: dict) -> tuple[list[dict], list[dict], list[str]]:
    """Components, their dependencies, and the references of the functions."""
    packages = {package["id"]: package for package in metadata["packages"]}
    ours = {package["name"]: package["id"] for package in packages.values() if package["source"] is None}
    roots = [ours[function] for function in functions]
    shipped, all_of_them = reachable(metadata, roots, with_build=False), reachable(metadata, roots, with_build=True)

    def reference(package: str) -> str:
        return f"pkg:cargo/{packages[package]['name']}@{packages[package]['version']}"

    components, dependencies = [], []
    for package in all_of_them:
        about = packages[package]
        component = {
            "type": "application" if package in roots else "library",
            "bom-ref": reference(package),
            "name": about["name"],
            "version": about["version"],
            "scope": "required" if package in shipped else "excluded",
            "licenses": licences(about["license"]),
            "purl": reference(package),
        }
        checksum = checksums.get((about["name"], about["version"]))
        if checksum:
            component["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        components.append(component)
    for node in metadata["resolve"]["nodes"]:
        if node["id"] in all_of_them:
            used = {reference(package) for package in used_by_crate(node, with_build=True)}
            dependencies.append({"ref": reference(node["id"]), "dependsOn": sorted(used)})
    return components, dependencies, [reference(root) for root in roots]


def npm_reference(name: str, version: str) -> str:
    return f"pkg:npm/{name.replace('@', '%40', 1)}@{version}"


def npm_packages(lock: dict) -> tuple[list[dict], list[dict], list[str]]:
    """Components, their dependencies, and the references of the console's own choices."""
    installed = {path: package for path, package in lock["packages"].items() if path and not package.get("dev")}

    def name(path: str) -> str:
        return path.rsplit("node_modules/", 1)[1]

    def found_from(path: str, wanted: str) -> str | None:
        """Node looks beside whoever asks, then further out."""
        while True:
            candidate = f"{path}/node_modules/{wanted}" if path else f"node_modules/{wanted}"
            if candidate in installed:
                return npm_reference(wanted, installed[candidate]["version"])
            if not path:
                return None
            path = path.rpartition("node_modules/")[0].rstrip("/")

    def used_by(path: str, package: dict) -> list[str]:
        wanted = [*package.get("dependencies", {}), *package.get("peerDependencies", {})]
        return sorted({found for each in wanted if (found := found_from(path, each))})

    components, dependencies = {}, {}
    for path, package in installed.items():
        reference = npm_reference(name(path), package["version"])
        component = {
            "type": "library",
            "bom-ref": reference,
            "name": name(path),
            "version": package["version"],
            "scope": "required",
            "licenses": licences(package.get("license")),
            "purl": reference,
        }
        algorithm, _, digest = package.get("integrity", "").partition("-")
        if algorithm == "sha512":
            component["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}]
        components[reference] = component
        dependencies.setdefault(reference, set()).update(used_by(path, package))
    edges = [{"ref": reference, "dependsOn": sorted(used)} for reference, used in dependencies.items()]
    return list(components.values()), edges, used_by("", lock["packages"][""])


def bill(metadata: dict, lock: str, console: dict, functions: list[str]) -> dict:
    components, dependencies, roots = crates(metadata, functions, crate_checksums(lock))
    if CONSOLE_FUNCTION in functions:
        loaded, edges, chosen = npm_packages(console)
        components += loaded
        for edge in dependencies:
            if edge["ref"].startswith(f"pkg:cargo/{CONSOLE_FUNCTION}@"):
                edge["dependsOn"] = sorted([*edge["dependsOn"], *chosen])
        dependencies += edges
    versions = {component["version"] for component in components if component["bom-ref"] in roots}
    if len(versions) != 1:
        raise SystemExit(f"The functions are of several versions: {sorted(versions)}")
    whole = {"type": "application", "bom-ref": "vestibule", "name": "vestibule", "version": versions.pop()}
    contents = {
        "metadata": {"component": whole},
        "components": sorted(components, key=lambda component: component["bom-ref"]),
        "dependencies": sorted([{"ref": "vestibule", "dependsOn": sorted(roots)}, *dependencies], key=lambda edge: edge["ref"]),
    }
    # The number follows from the contents, so that two builds of one commit have the same.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(contents, sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        **contents,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="x86_64-unknown-linux-gnu", help="the triple that the functions are built for")
    parser.add_argument("--metadata", type=Path, help="the output of cargo metadata, instead of calling it")
    parser.add_argument("--lock", type=Path, default=ROOT / "Cargo.lock")
    parser.add_argument("--console-lock", type=Path, default=CONSOLE / "package-lock.json")
    parser.add_argument("functions", nargs="+")
    options = parser.parse_args()
    metadata = json.loads(options.metadata.read_text(encoding="utf-8")) if options.metadata else cargo_metadata(options.target)
    console = json.loads(options.console_lock.read_text(encoding="utf-8"))
    lock = options.lock.read_text(encoding="utf-8")
    json.dump(bill(metadata, lock, console, options.functions), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
