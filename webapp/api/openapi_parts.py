"""What the description of the API is made of."""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
NUMBER = {"type": "number"}
INTEGER = {"type": "integer"}
TIME = {"type": "string", "format": "date-time"}


def array(item: dict[str, Any]) -> dict[str, Any]:
    """A list of ``item``."""
    return {"type": "array", "items": item}


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def object_of(**properties: dict[str, Any]) -> dict[str, Any]:
    """An object with these properties."""
    return {"type": "object", "properties": properties}


def ref(name: str) -> dict[str, Any]:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


_WORDS = {"type": "string", "description": "For people: English, or what the cookie lang or Accept-Language asks for"}
ERROR = object_of(code=TEXT, message=_WORDS, hint=_WORDS)


def json_of(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON answer."""
    return {"application/json": {"schema": schema}}


def binary(kind: str) -> dict[str, Any]:
    """A file of a media type."""
    return {kind: {"schema": {"type": "string", "format": "binary"}}}


def operation(
    summary: str, status: int = 200, content: dict[str, Any] | None = None, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """One method of an address: its answer when all is well, and the one error body."""
    good: dict[str, Any] = {"description": summary}
    if content is not None:
        good["content"] = content
    described: dict[str, Any] = {
        "summary": summary,
        "responses": {
            str(status): good,
            "default": {"description": "What went wrong", "content": json_of(ref("Error"))},
        },
    }
    return described if body is None else {**described, "requestBody": body}


def body_of(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON body that must be sent."""
    return {"required": True, "content": {"application/json": {"schema": schema}}}
