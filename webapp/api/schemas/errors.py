"""The one error body, and notes on a scan."""

from __future__ import annotations

from pydantic import Field

from segmentation.core.notes import Note as NoteOfScan
from webapp.api.schemas.base import Answer

_WORDS = "For people: English, or what the cookie lang or Accept-Language asks for"


class ErrorDetail(Answer):
    """What went wrong."""

    code: str = Field(description="Stable, for programs")
    message: str = Field(description=_WORDS)
    hint: str = Field(description=f"What to do about it; may be empty. {_WORDS}")


class Error(Answer):
    """The body of every answer that reports an error."""

    error: ErrorDetail


class Note(Answer):
    """A remark on a scan: what was unusual in it and was repaired or let pass."""

    code: str = Field(description="Stable, for programs and translations")
    values: dict[str, str] = Field(description="What fills the sentence's placeholders")
    message: str = Field(description="The sentence in English")

    @classmethod
    def of(cls, note: NoteOfScan) -> Note:
        """Make the answer from the engine's note."""
        return cls(code=note.code, values=dict(note.values), message=note.sentence)
