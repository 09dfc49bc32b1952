"""Schema of new names for the vertebrae of a mask."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from webapp.api.schemas.base import INTEGRAL, Request

_Number = Annotated[int | None, Field(ge=1, le=255), INTEGRAL]


class NewLevels(Request):
    """Either all vertebrae moved by a level, or one vertebra with another number."""

    shift: Annotated[Literal[-1, 1] | None, INTEGRAL] = Field(
        None, description="Levels down: 1 makes L1 of T12, -1 T12 of L1"
    )
    label: _Number = Field(None, description="Number of the vertebra that is called something else")
    to: _Number = Field(None, description="Its new number")
    follow: bool = Field(False, description="Whether all others move by as many levels")
