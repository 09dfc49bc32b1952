"""The one error body, and notes on a scan."""

from __future__ import annotations

from pydantic import Field, PrivateAttr, SerializationInfo, model_serializer

from segmentation.core.errors import Problem
from segmentation.core.notes import Note as NoteOfScan
from webapp.api.schemas.base import Answer
from webapp.translations import DEFAULT, messages

_WORDS = "For people: English, or what the cookie lang or Accept-Language asks for"


class ErrorDetail(Answer):
    """What went wrong."""

    code: str = Field(description="Stable, for programs")
    message: str = Field(description=_WORDS)
    hint: str = Field(description=f"What to do about it; may be empty. {_WORDS}")
    _problem: Problem = PrivateAttr()

    @classmethod
    def of(cls, problem: Problem) -> ErrorDetail:
        """Make the answer from a problem, in the language that ``Answer.to_json`` is asked for."""
        detail = cls(**problem.shown())
        detail._problem = problem
        return detail

    @model_serializer(mode="plain")
    def _in_a_language(self, info: SerializationInfo):  # type: ignore[no-untyped-def] # a type would be the schema
        return self._problem.shown(messages((info.context or {}).get("language", DEFAULT)))


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
