"""An :class:`InputError` as plain values, to cross from one process to another or into a file."""

from __future__ import annotations

from collections.abc import Iterator

from segmentation.core.errors import InputError


def error_to_json(error: InputError) -> dict[str, str]:
    """Its code, message and hint."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def error_from_json(content: dict[str, str]) -> InputError:
    """The same error, of the class that has its code."""
    kinds = {kind.code: kind for kind in _kinds(InputError)}
    return kinds.get(content["code"], InputError)(content["message"], content["hint"])


def _kinds(kind: type[InputError]) -> Iterator[type[InputError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)
