"""Which messages the sources use, with which values: read from the code, to be compared with the catalogues."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from segmentation.core.errors import InputError
from segmentation.core.messages import Entry, placeholders

ROOT = Path(__file__).parents[1]
# What takes a key: the position of that argument, and what stands before it in the catalogues.
TAKERS = {
    "WebError": (2, ""),
    "Message": (0, ""),
    "Message.of": (0, ""),
    "chained": (0, ""),
    "note": (0, "note."),
    "not_found": (0, "not_found."),
    "found.leave": (0, "note."),
}
# Values that a taker gives by itself.
OWN_VALUES = {"chained": frozenset({"first", "rest"}), "found.leave": frozenset({"count"})}


@dataclass(frozen=True)
class Use:
    """One place that names a message.

    Attributes:
        where: File and line.
        key: Of the catalogues; its constant beginning where the rest is computed.
        values: Names of the values that are given; None where only the running program knows.
        is_prefix: Whether the key is only a beginning.
    """

    where: str
    key: str
    values: frozenset[str] | None
    is_prefix: bool = False


@cache
def kinds() -> frozenset[str]:
    """Names of InputError and of whatever is derived from it, read from every source: no module need be imported."""
    bases: dict[str, set[str]] = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    found, more = set(), {InputError.__name__}
    while more:
        found |= more
        more = {name for name, parents in bases.items() if parents & more} - found
    return frozenset(found)


class Reader(ast.NodeVisitor):
    """The uses of one module; ``unread`` are keys that are handed on from elsewhere."""

    def __init__(self, source: str, name: str) -> None:
        self.name = name
        self.takers = {**dict.fromkeys(kinds(), (0, "")), **TAKERS}
        self.uses: list[Use] = []
        self.unread: list[str] = []
        self.visit(ast.parse(source))

    def visit_Call(self, node: ast.Call) -> None:
        position, prefix = self.takers.get(ast.unparse(node.func), (0, None))
        if prefix is not None and len(node.args) > position:
            self.read(node, node.args[position], prefix)
        self.generic_visit(node)

    def read(self, call: ast.Call, key: ast.expr, prefix: str) -> None:
        where = f"{self.name}:{call.lineno}"
        if isinstance(key, ast.IfExp):
            self.read(call, key.body, prefix)
            self.read(call, key.orelse, prefix)
        elif isinstance(key, ast.Constant):
            self.uses.append(Use(where, prefix + key.value, given(call)))
        elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
            self.uses.append(Use(where, prefix + key.values[0].value, given(call), is_prefix=True))
        else:
            self.unread.append(f"{self.name}: {ast.unparse(key)}")


def given(call: ast.Call) -> frozenset[str] | None:
    function = ast.unparse(call.func)
    if function in OWN_VALUES:
        return OWN_VALUES[function]
    if (function == "Message" and len(call.args) > 1) or any(keyword.arg is None for keyword in call.keywords):
        return None
    return frozenset(keyword.arg for keyword in call.keywords if keyword.arg)


def sources() -> Iterator[Path]:
    for folder in ("segmentation", "webapp"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def modules() -> Iterator[Reader]:
    for path in sources():
        yield Reader(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())


def wrong_uses(uses: list[Use], english: Mapping[str, Entry]) -> list[str]:
    """Keys that English lacks, values that are missing, and values that no sentence shows."""
    wrong = []
    for use in uses:
        if use.is_prefix:
            if not any(key.startswith(use.key) for key in english):
                wrong.append(f"{use.where}: no message begins with {use.key}")
        elif use.key not in english:
            wrong.append(f"{use.where}: there is no message {use.key}")
        elif use.values is not None:
            needed = set().union(*map(placeholders, english[use.key]))
            wrong += [f"{use.where}: {use.key} lacks {name}" for name in sorted(needed - use.values)]
            wrong += [f"{use.where}: {use.key} has no place for {name}" for name in sorted(use.values - needed)]
    return wrong


def unused(uses: list[Use], english: Mapping[str, Entry]) -> list[str]:
    named = {use.key for use in uses if not use.is_prefix}
    beginnings = ("confidence.", *(use.key for use in uses if use.is_prefix))  # reasons are compared with their list
    return [key for key in english if key not in named and not key.startswith(beginnings)]


def wrong_translations(own: Mapping[str, Entry], english: Mapping[str, Entry]) -> list[str]:
    """What a language lacks, has too much of, or says with other values."""
    wrong = [f"{key} is missing" for key in english if key not in own]
    wrong += [f"{key} is no key of English" for key in own if key not in english]
    for key in english.keys() & own.keys():
        for part, text, original in zip(Entry._fields, own[key], english[key], strict=True):
            if bool(text) != bool(original):
                wrong.append(f"{key} has a {part} in one language alone")
            if fields(text) != fields(original):
                wrong.append(f"the {part} of {key} has other placeholders")
    return sorted(wrong)


def fields(text: str) -> list[str]:
    """Placeholders with their formats, in any order: a language may turn them round."""
    return sorted(re.findall(r"(?<!{){[^{}]+}", text.replace("{{", "").replace("}}", "")))
