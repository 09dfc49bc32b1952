"""Errors that a person can act on: a stable code for programs, and a message by its key (see messages.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from segmentation.core.messages import Catalogue, Message, english


@dataclass(frozen=True)
class Problem:
    """What went wrong, to be stored and to be shown in any language.

    Attributes:
        code: Stable and machine-readable, such as ``"unreadable_file"``.
        message: For people.
    """

    code: str
    message: Message

    def shown(self, catalogue: Catalogue | None = None) -> dict[str, str]:
        """Render code, message and hint in the catalogue's language (English unless given)."""
        return {"code": self.code, "message": self.message.text(catalogue), "hint": self.message.hint(catalogue)}

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON, with the English sentences for readers that lack the key."""
        return {**self.shown(), **self.message.to_json()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Problem:
        """Restore what ``to_json`` wrote; sentences of another version, if need be, as they are."""
        if content.get("key") in english():
            message = Message.from_json(content)
            if message.is_complete:
                return cls(content["code"], message)
        return cls(content["code"], Message.of("stored_sentence", message=content["message"], hint=content["hint"]))


class SpineViewError(Exception):
    """Base of every error that this project raises on purpose."""


class DescribedError(SpineViewError):
    """An error whose sentences are in the catalogues, by its key.

    Attributes:
        code: Stable and machine-readable.
        problem: The code and the message, for storage and translation.
    """

    code: str

    def __init__(self, code: str, message: Message) -> None:
        super().__init__(message.key)
        self.problem = Problem(code, message)

    @property
    def message(self) -> str:
        """What happened, in English."""
        return self.problem.message.text()

    @property
    def hint(self) -> str:
        """What to do about it, in English; may be empty."""
        return self.problem.message.hint()

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Between processes: constructors of subclasses take other arguments than an exception's ``args``.
        return type(self).__new__, (type(self),), vars(self)


class InputError(DescribedError):
    """An input that cannot be used: ``InputError("nifti.empty", name=path.name)``.

    Attributes:
        code: Of the class; stable and machine-readable.
    """

    code = "bad_input"

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(self.code, Message.of(key, **values))

    def to_json(self) -> dict[str, Any]:
        """Represent it as plain JSON, to cross into another process or into a file."""
        return self.problem.to_json()

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> InputError:
        """Restore what ``to_json`` wrote, as an error of the class that has its code."""
        problem = Problem.from_json(content)
        kinds = {kind.code: kind for kind in _kinds(InputError)}
        return kinds.get(problem.code, InputError).with_message(problem.message)

    @classmethod
    def with_message(cls, message: Message) -> Self:
        """Make an error of this class from a message that is there already."""
        return cls(message.key, **dict(message.values))


class UnreadableFile(InputError):
    """Truncated, corrupt, or not of the format that its name promises."""

    code = "unreadable_file"


class UnsupportedFormat(InputError):
    """A file type that no reader knows."""

    code = "unsupported_format"


class NotAVolume(InputError):
    """2D pictures, time series, colour images: anything that is not one 3D scalar volume."""

    code = "not_a_volume"


class BadGeometry(InputError):
    """An affine or spacing that places no voxel anywhere: NaN, singular, zero or negative spacing."""

    code = "bad_geometry"


class TooLarge(InputError):
    """More voxels or bytes than the limits allow."""

    code = "too_large"


class TooSmall(InputError):
    """Less anatomy than a vertebra needs to be recognised."""

    code = "too_small"


class NotHounsfield(InputError):
    """Values that cannot be CT numbers in Hounsfield units."""

    code = "not_hounsfield"


class NotCT(InputError):
    """A DICOM object of another modality."""

    code = "not_ct"


class GridMismatch(InputError):
    """Two arrays that should lie on the same grid and do not."""

    code = "grid_mismatch"


class BadConfiguration(InputError):
    """A configuration file or option with an unknown key or an impossible value."""

    code = "bad_configuration"


class BadWeights(InputError):
    """A model file that is damaged or not one of ours."""

    code = "bad_weights"


class OperationCancelled(SpineViewError):
    """Long work was cancelled; raised inside it when its ``cancelled`` callable returns True."""


def _kinds(kind: type[InputError]) -> Iterator[type[InputError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)
