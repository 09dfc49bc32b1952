"""Base classes of the schemas, and the types of their fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from webapp.http.sub_path import outward
from webapp.translations import DEFAULT

API = "/api/v1"


class Answer(BaseModel):
    """JSON that leaves the server. A field that is not described here cannot be sent."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, defer_build=True)

    def to_json(self, language: str = DEFAULT) -> dict[str, Any]:
        """Make the body of the answer, as plain values; errors in it are in ``language``."""
        return self.model_dump(mode="json", by_alias=True, context={"language": language})

    def to_bytes(self, language: str = DEFAULT) -> bytes:
        """Make the body of the answer as JSON; for long lists, of which ``to_json`` would make values first."""
        return self.model_dump_json(by_alias=True, context={"language": language}).encode()


class Request(BaseModel):
    """JSON that comes in: no type is converted into another; fields that are not described are ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False, defer_build=True)


class Query(BaseModel):
    """Parameters behind ``?``, which are texts; those that are not described are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, defer_build=True)


Timestamp = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""ISO 8601 in UTC, with the offset ``+00:00``."""
Address = Annotated[
    str, PlainSerializer(outward, return_type=str), Field(json_schema_extra={"format": "uri-reference"})
]
"""A path on this server, as the program itself knows it; what is sent is ready to be requested."""
Triple = Annotated[Sequence[float], Field(min_length=3, max_length=3)]
Shape = Annotated[Sequence[int], Field(min_length=3, max_length=3)]
Pair = Annotated[Sequence[int], Field(min_length=2, max_length=2)]


def _whole_number(value: object) -> object:
    """Refuse what ``int`` would accept beside digits: spaces, underscores, fractions, thousands of digits."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise PydanticCustomError("int_type", "Input should be a whole number")
    return value


def _integral(value: object) -> object:
    """Take 3.0 for 3: JSON has one kind of number, and JSON Schema calls both integers."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


INTEGRAL = BeforeValidator(_integral)
"""Of a whole number in a body. It stands behind bounds, else they would not be described."""
DIGITS = BeforeValidator(_whole_number)
"""Of a parameter behind ``?``: decimal digits alone. It stands behind bounds, else they would not be described."""
Uid = Annotated[str, StringConstraints(pattern=r"^[0-9.]{1,64}$")]
"""A DICOM unique identifier (PS3.5 section 9)."""
