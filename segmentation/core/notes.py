"""Notes: remarks on a scan that was repaired or accepted although unusual, which every user is shown.

Their sentences are the catalogues' entries ``note.<code>``, see messages.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from segmentation.core.messages import Message, english

_PREFIX = "note."


@dataclass(frozen=True)
class Note:
    """One remark. ``code`` is stable, for programs and translations; ``values`` fill the sentence's placeholders."""

    code: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> Message:
        """The note as a message of the catalogues."""
        return Message(f"{_PREFIX}{self.code}", self.values)

    @property
    def sentence(self) -> str:
        """The note for people, in English."""
        return self.message.text()

    def to_json(self) -> dict[str, Any]:
        """Convert to plain types for a database or an API, with the English sentence."""
        return {"code": self.code, "values": dict(self.values), "message": self.sentence}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Note:
        """Restore what ``to_json`` wrote."""
        return cls(content["code"], tuple(content["values"].items()))


def note(code: str, **values: object) -> Note:
    """Make a note with its values as text; numbers as short as they can be."""
    return Note(code, tuple((key, f"{v:.4g}" if isinstance(v, float) else str(v)) for key, v in values.items()))


def note_codes() -> list[str]:
    """List the codes of all notes there are."""
    return [key.removeprefix(_PREFIX) for key in english() if key.startswith(_PREFIX)]


def sentences(notes: Iterable[Note]) -> list[str]:
    """List the notes for people, in English."""
    return [each.sentence for each in notes]
