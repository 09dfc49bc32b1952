"""The sentences that this project refuses with, read from its sources."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

from segmentation.core.errors import InputError

ROOT = Path(__file__).parents[2]
# What the engine does for a page; its other modules serve commands.
ENGINE = ("readers/", "writers/", "geometry.py", "inference.py", "checkpoint.py", "label_", "surface")


def kinds(kind: type[InputError]) -> set[str]:
    return {kind.__name__}.union(*(kinds(child) for child in kind.__subclasses__()))


REFUSALS = kinds(InputError)


class Sentences(ast.NodeVisitor):
    """Templates of the sentences that one module refuses with: ``{}`` for each value."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.functions = {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}
        self.constants = {
            target.id: node.value
            for node in self.tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self.choices = {
            target.id: (node.value.body, node.value.orelse)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.IfExp)
            for target in node.targets
            if isinstance(target, ast.Name) and is_text(node.value.body) and is_text(node.value.orelse)
        }
        self.sentences: set[str] = set()
        self.phrases: set[str] = set()
        self.unread: list[str] = []
        self.visit(self.tree)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name == "BadConfiguration" and (ROOT / "webapp") in self.path.parents:
            pass  # of the server itself: it ends before there is a page
        elif name in REFUSALS or name in ("WebError", "_failed"):
            self.add(node, node.args[0 if name in REFUSALS else 2 :])
        elif name in ("_refused", "not_found") and node.args:
            self.phrases.update(self.templates(node.args[0]))
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        named = {key.value: value for key, value in zip(node.keys, node.values, strict=True) if is_text(key)}
        if {"code", "message", "hint"} == named.keys():
            self.add(node, [named["message"], named["hint"]])
        self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        """The words of plain statuses: code, message, hint."""
        if self.path.name == "errors.py" and len(node.elts) == 3 and all(map(is_text, node.elts)):
            self.add(node, node.elts[1:])
        self.generic_visit(node)

    def add(self, call: ast.expr, arguments: list[ast.expr]) -> None:
        for argument in arguments:
            found = list(self.templates(argument))
            if not found:
                self.unread.append(f"{self.path.relative_to(ROOT)}: {ast.unparse(argument)}")
            self.sentences.update(filter(None, found))

    def templates(self, node: ast.expr | None) -> Iterator[str]:
        """What an expression can say; nothing for one that is passed on from elsewhere."""
        if is_text(node):
            yield node.value.replace("{", "{{").replace("}", "}}")
        elif isinstance(node, ast.JoinedStr):
            for parts in itertools.product(*(self.part(part) for part in node.values)):
                yield "".join(parts)
        elif isinstance(node, ast.Name) and node.id in self.constants:
            yield from self.templates(self.constants[node.id])
        elif isinstance(node, ast.Starred):
            yield from self.templates(node.value)
        elif isinstance(node, ast.Tuple):
            for each in node.elts:
                yield from self.templates(each)
        elif isinstance(node, ast.Call):
            yield from self.called(node.func)

    def called(self, function: ast.expr) -> Iterator[str]:
        """What a function of this module can answer, or ``strip`` leave of a text whose last value is empty."""
        if isinstance(function, ast.Attribute) and function.attr == "strip":
            for template in self.templates(function.value):
                yield from {template, template.removesuffix(" {}")}
        elif isinstance(function, ast.Name) and function.id in self.functions:
            for inner in ast.walk(self.functions[function.id]):
                if isinstance(inner, ast.Return):
                    yield from self.templates(inner.value)

    def part(self, node: ast.expr) -> list[str]:
        """What a part of an f-string can say: ``{}``, unless the code chooses between two words."""
        if isinstance(node, ast.FormattedValue):
            chosen = self.choices.get(node.value.id, ()) if isinstance(node.value, ast.Name) else ()
            return [words.value for words in chosen] or ["{}"]
        return list(self.templates(node))


def is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def modules() -> list[Sentences]:
    engine = [path for path in (ROOT / "segmentation").rglob("*.py")]
    pages = [path for path in (ROOT / "webapp").rglob("*.py")]
    chosen = [path for path in engine if str(path.relative_to(ROOT / "segmentation")).startswith(ENGINE)]
    return [Sentences(path) for path in chosen + pages]
