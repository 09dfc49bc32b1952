"""Sentences for people, each with a key: errors and notes hold keys and values, catalogues hold the sentences.

``messages.en.json`` beside this file holds the English of every error and note, those of the web application too, so
that any of them can be printed where there is no web application. Other languages have catalogues with the same keys.
A catalogue maps a key to a sentence, or to ``{"message": …, "hint": …}``; both are format strings of ``string``.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple, SupportsFloat, SupportsIndex, TypeAlias

ENGLISH_FILE = Path(__file__).with_name("messages.en.json")

Value: TypeAlias = "str | int | float | Message | tuple[Value, ...]"
_NOT_FINITE = {"nan", "inf", "-inf"}  # JSON knows none of them
_VALUE_EDGE = "\0"  # stands around an inserted message until the spaces beside it were judged
_HAN = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_SPACE_BETWEEN_HAN = re.compile(rf"(?<={_HAN}) (?={_VALUE_EDGE}{_HAN})|(?<={_HAN}{_VALUE_EDGE}) (?={_HAN})")


class Entry(NamedTuple):
    """Format strings of one message: what happened, and what to do about it."""

    message: str
    hint: str = ""


Catalogue = Mapping[str, Entry]
Name: TypeAlias = "str | Message"
"""What an image is called in a message: the name of its file, or a title such as "Series 3"."""


@dataclass(frozen=True)
class Message:
    """A sentence or a phrase, by the key of its entry in the catalogues.

    Attributes:
        key: In the catalogues.
        values: Fill the placeholders. Text stays as it is, numbers are formatted as the catalogue says, a tuple is
            joined (of numbers with ``x``, of others with commas), a message is rendered in the same language.
    """

    key: str
    values: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, key: str, /, **values: object) -> Message:
        """Make a message; values of other types (paths, NumPy's numbers, exceptions) become text or plain numbers."""
        return cls(key, tuple((name, _plain(value)) for name, value in values.items()))

    def text(self, catalogue: Catalogue | None = None) -> str:
        """Render the message in the catalogue's language, English by default and where the catalogue lacks it."""
        return self._rendered(catalogue, 0)

    def hint(self, catalogue: Catalogue | None = None) -> str:
        """Render what to do about it, empty where there is no advice."""
        return self._rendered(catalogue, 1)

    def replaced(self, replacements: Mapping[str, Value]) -> Message:
        """Exchange values that are one of these texts, for instance the name of a file."""
        swap = {
            name: replacements.get(value, value) if isinstance(value, str) else value for name, value in self.values
        }
        return Message(self.key, tuple(swap.items()))

    @property
    def is_complete(self) -> bool:
        """Whether English has the key, and every placeholder of it a value; as a rule, of this version's messages."""
        entry = english().get(self.key)
        given = dict(self.values)
        return (
            entry is not None
            and set().union(*map(placeholders, entry)) <= given.keys()
            and all(inner.is_complete for inner in _inner_messages(given.values()))
        )

    def to_json(self) -> dict[str, Any]:
        """Represent the key and the values as plain JSON."""
        return {"key": self.key, "values": {name: _to_json(value) for name, value in self.values}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Message:
        """Restore what ``to_json`` wrote."""
        return cls(content["key"], tuple((name, _from_json(value)) for name, value in content["values"].items()))

    def __str__(self) -> str:
        return self.text()

    def _rendered(self, catalogue: Catalogue | None, part: int) -> str:
        own = english() if catalogue is None else catalogue
        entry = own.get(self.key) or english().get(self.key)
        if entry is None:  # no key of ours, such as the text that torch raises an error of a worker process with
            return self.key if part == 0 else ""
        text = _Renderer(own).vformat(entry[part], (), dict(self.values))
        return _SPACE_BETWEEN_HAN.sub("", text).replace(_VALUE_EDGE, "")


class _Renderer(Formatter):
    """Fills the placeholders of a sentence in the language of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def format_field(self, value: Value, format_spec: str) -> str:
        """Format one value; a text has no use for the specification of a number."""
        if isinstance(value, Message):
            return f"{_VALUE_EDGE}{value.text(self._catalogue)}{_VALUE_EDGE}"
        if isinstance(value, tuple):
            between = " x " if all(isinstance(each, int | float) or each in _NOT_FINITE for each in value) else ", "
            return between.join(self.format_field(each, format_spec) for each in value)
        return value if isinstance(value, str) else format(value, format_spec)


def placeholders(template: str) -> set[str]:
    """Names of the values that a format string takes."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def chained(link: str, messages: Sequence[Message]) -> Message:
    """Join one or more messages by ``link``, the key of a message with the values ``first`` and ``rest``."""
    *before, joined = messages
    for message in reversed(before):
        joined = Message.of(link, first=message, rest=joined)
    return joined


@cache
def english() -> Catalogue:
    """Read the English catalogue."""
    return load_catalogue(ENGLISH_FILE)


def load_catalogue(path: Path) -> dict[str, Entry]:
    """Read a catalogue: a JSON object of sentences, or of ``{"message", "hint"}``, by key."""
    content: dict[str, str | dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return {key: Entry(entry) if isinstance(entry, str) else Entry(**entry) for key, entry in content.items()}


def _plain(value: object) -> Value:
    if isinstance(value, str | Message | bool):
        return value
    if isinstance(value, tuple | list | Mapping):  # of a mapping the keys, as ``join`` would take them
        return tuple(map(_plain, value))
    if isinstance(value, SupportsIndex):
        return operator.index(value)
    if isinstance(value, SupportsFloat):
        number = float(value)
        return number if math.isfinite(number) else str(number)
    return str(value)


def _inner_messages(values: Iterable[Value]) -> Iterator[Message]:
    for value in values:
        if isinstance(value, Message):
            yield value
        elif isinstance(value, tuple):
            yield from _inner_messages(value)


def _to_json(value: Value) -> Any:
    if isinstance(value, Message):
        return value.to_json()
    return [_to_json(each) for each in value] if isinstance(value, tuple) else value


def _from_json(value: Any) -> Value:
    if isinstance(value, dict):
        return Message.from_json(value)
    return tuple(map(_from_json, value)) if isinstance(value, list) else value
