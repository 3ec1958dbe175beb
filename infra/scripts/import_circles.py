#!/usr/bin/env python3
"""Finds files of one crate that import each other in a circle; prints each circle with its imports, and exits 1 if there is any.

Looks at every crate below `shared/` and `functions/`, or below the folders that are named as arguments. Two files depend on each
other where one names what the other defines: in a `use`, or in a path that begins with `crate`, `super`, `self` or a child module.
A name that is re-exported counts as its defining file's. What does not count:

- tests: whatever stands under `#[cfg(test)]`, files of such modules included;
- what a parent module names of its own child modules: putting them together is what it is for (`--parents` counts it all the same);
- `pub use` in a file that does not use the name itself;
- documentation: comments and strings are not read.

It reads text, not types, so it has limits. Names that only a macro makes are taken to be defined where the path leads. A method or
a field of a foreign type is no dependency, and neither is `impl` for a type that some other import already names. Globs are followed;
`#[path]`, conditional modules other than tests, and two modules of one name are not told apart.
"""

import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_NOT_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|\bb?r(?P<hashes>\#*)".*?"(?P=hashes)|b?"(?:\\.|[^"\\])*"|b?'(?:\\[^']+|[^'\\])'""",
    re.DOTALL | re.VERBOSE,
)
_TEST_ONLY = re.compile(r"#\[cfg\(test\)\]")
_INLINE_MODULE = re.compile(r"\bmod\s+(\w+)\s*\{")
_FILE_MODULE = re.compile(r"\bmod\s+(\w+)\s*;")
_USE = re.compile(r"(\bpub(?:\s*\([^)]*\))?\s+)?\buse\s+([^;]+);")
_VISIBILITY = re.compile(r"\bpub\s*\([^)]*\)")
_DEFINITION = re.compile(r"\b(?:fn|struct|enum|trait|type|const|static|union|macro_rules!)\s+(\w+)")
_PATH = re.compile(r"(?<![\w:.])(\w+(?:\s*::\s*\w+)+)")


@dataclass
class Import:
    """One name that a `use` brings in, or one inline path."""

    path: tuple[str, ...]
    name: str
    is_re_export: bool = False


@dataclass
class Module:
    file: Path
    parent: "Module | None"
    children: dict[str, "Module"] = field(default_factory=dict)
    defined: set[str] = field(default_factory=set)
    imports: list[Import] = field(default_factory=list)
    words: set[str] = field(default_factory=set)

    def root(self) -> "Module":
        return self if self.parent is None else self.parent.root()

    def everything(self):
        yield self
        for child in self.children.values():
            yield from child.everything()


def main(arguments: list[str]) -> int:
    with_parents = "--parents" in arguments
    folders = [argument for argument in arguments if argument != "--parents"]
    crates = [Path(folder).resolve() for folder in folders] or sorted(path.parent for kind in ("shared", "functions") for path in (ROOT / kind).glob("*/Cargo.toml"))
    found = files = 0
    for crate in crates:
        for root in sorted([*crate.glob("src/lib.rs"), *crate.glob("src/main.rs"), *crate.glob("src/bin/*.rs")]):
            tree = read_module(root, root.parent, None)
            graph = dependencies(tree, with_parents)
            files += len({module.file for module in tree.everything()})
            for circle in circles(graph):
                found += 1
                show(circle, graph, crate)
    print(f"{files} files, {found} circles")
    return 1 if found else 0


def read_module(file: Path, folder: Path, parent: Module | None) -> Module:
    """Reads a file and the files of its child modules, which lie in `folder`."""
    return _fill(Module(file, parent), _without_tests(_code(file.read_text())), folder)


def _fill(module: Module, text: str, folder: Path) -> Module:
    while inline := _INLINE_MODULE.search(text):
        end = _closing(text, inline.end() - 1)
        module.children[inline[1]] = _fill(Module(module.file, module), text[inline.end() : end - 1], folder / inline[1])
        text = text[: inline.start()] + text[end:]
    for name in _FILE_MODULE.findall(text):
        places = ((folder / f"{name}.rs", folder / name), (folder / name / "mod.rs", folder / name))
        for file, below in places:
            if file.exists():
                module.children[name] = read_module(file, below, module)
    for visibility, tree in _USE.findall(text):
        module.imports += [Import(path, name, bool(visibility)) for path, name in _leaves(tree)]
    text = _USE.sub(" ", text)
    module.words = set(re.findall(r"\w+", text))
    for path in _PATH.findall(_VISIBILITY.sub("pub", text)):
        segments = tuple(re.split(r"\s*::\s*", path))
        if segments[0] in ("crate", "super", "self") or segments[0] in module.children:
            module.imports.append(Import(segments, ""))
    module.defined = set(_DEFINITION.findall(_top_level(text)))
    return module


def dependencies(tree: Module, with_parents: bool) -> dict[Path, dict[Path, set[str]]]:
    """Which file names what of which other file."""
    graph: dict[Path, dict[Path, set[str]]] = defaultdict(lambda: defaultdict(set))
    for module in tree.everything():
        own = set() if with_parents else {below.file for below in module.everything()}
        for wanted in module.imports:
            if wanted.is_re_export and wanted.name not in module.words:
                continue
            target = resolve(module, wanted.path)
            if target and target != module.file and target not in own:
                graph[module.file][target].add("::".join(wanted.path))
    return graph


def resolve(module: Module, path: tuple[str, ...], seen: frozenset = frozenset()) -> Path | None:
    """The file that defines what a path names, seen from this module; `None` for other crates."""
    if (id(module), path) in seen:
        return None
    seen |= {(id(module), path)}
    here: Module | None = module
    first = True
    while path:
        name, *rest = path
        if name == "crate":
            here = module.root()
        elif name == "super":
            here = here.parent
            if here is None:
                return None
        elif name == "*" or (name == "self" and not first):
            return here.file
        elif name != "self":
            if name in here.children:
                here = here.children[name]
            elif name in here.defined:
                return here.file
            else:
                return _imported(here, tuple(path), seen, first)
        path, first = tuple(rest), False
    return here.file


def _imported(module: Module, path: tuple[str, ...], seen: frozenset, is_relative: bool) -> Path | None:
    """Follows a name that the module itself imports."""
    name, *rest = path
    for known in module.imports:
        if known.name == name and known.path != path:
            return resolve(module, (*known.path, *rest), seen)
    for known in module.imports:
        if known.name == "*":
            target = _module_at(module, known.path[:-1])
            if target and (name in target.defined or name in target.children or any(other.name == name for other in target.imports)):
                return resolve(target, path, seen)
    # Another crate's name, or one that a macro makes.
    return None if is_relative else module.file


def _module_at(module: Module, path: tuple[str, ...]) -> Module | None:
    here: Module | None = module
    for name in path:
        if here is None:
            return None
        here = module.root() if name == "crate" else here.parent if name == "super" else here if name == "self" else here.children.get(name)
    return here


def circles(graph: dict[Path, dict[Path, set[str]]]) -> list[list[Path]]:
    """Files that reach each other: Tarjan's strongly connected components of more than one."""
    index: dict[Path, int] = {}
    low: dict[Path, int] = {}
    stack: list[Path] = []
    found: list[list[Path]] = []

    def visit(file: Path) -> None:
        index[file] = low[file] = len(index)
        stack.append(file)
        for other in graph.get(file, ()):
            if other not in index:
                visit(other)
                low[file] = min(low[file], low[other])
            elif other in stack:
                low[file] = min(low[file], index[other])
        if low[file] == index[file]:
            component = [stack.pop()]
            while component[-1] != file:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    for file in sorted(graph):
        if file not in index:
            visit(file)
    return found


def show(circle: list[Path], graph: dict[Path, dict[Path, set[str]]], crate: Path) -> None:
    print(f"{crate.parent.name}/{crate.name}: {len(circle)} files in a circle")
    for file in circle:
        for other in circle:
            if names := graph[file].get(other):
                print(f"  {file.relative_to(crate / 'src')} uses {', '.join(sorted(names))} of {other.relative_to(crate / 'src')}")


def _code(text: str) -> str:
    return _NOT_CODE.sub(lambda match: " " if match[0].startswith("/") else '""', text)


def _without_tests(text: str) -> str:
    """Takes out each item that is for tests only."""
    while marked := _TEST_ONLY.search(text):
        end = marked.end()
        while text[end] not in ";{":
            end = _closing(text, end) if text[end] in "([" else end + 1
        is_use = re.search(r"\buse\b", text[marked.end() : end])
        end = _closing(text, end) if text[end] == "{" else end + 1
        if is_use and text[end - 1] != ";":
            end = text.index(";", end) + 1
        text = text[: marked.start()] + " " + text[end:]
    return text


def _closing(text: str, opening: int) -> int:
    """Where the bracket that opens here is closed: the place after it."""
    depth = 0
    for place in range(opening, len(text)):
        if text[place] in "([{":
            depth += 1
        elif text[place] in ")]}":
            depth -= 1
            if depth == 0:
                return place + 1
    raise SystemExit("A bracket is never closed: is this Rust?")


def _top_level(text: str) -> str:
    """The text without what stands in braces."""
    kept = []
    depth = 0
    for character in text:
        depth -= character == "}"
        if depth == 0:
            kept.append(character)
        depth += character == "{"
    return "".join(kept)


def _leaves(tree: str, before: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    """Every path of a `use`, with the name that it brings in."""
    tree = tree.strip()
    brace = tree.find("{")
    if brace >= 0:
        prefix = tuple(part for part in re.split(r"\s*::\s*", tree[:brace].strip()) if part)
        return [leaf for part in _parts(tree[brace + 1 : tree.rindex("}")]) for leaf in _leaves(part, before + prefix)]
    path, _, alias = tree.partition(" as ")
    segments = before + tuple(part for part in re.split(r"\s*::\s*", path.strip()) if part)
    if segments[-1] == "self" and len(segments) > 1:
        segments = segments[:-1]
    return [(segments, alias.strip() or segments[-1])]


def _parts(list_of_trees: str) -> list[str]:
    parts, depth = [""], 0
    for character in list_of_trees:
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
