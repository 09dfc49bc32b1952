"""Routes of the API that Starlette serves itself, without Flask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Match, Route
from starlette.types import Scope


class ShortNumber(Convertor[int]):
    """A number of at most nine digits in a path: Python refuses to read one of thousands."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        """Read it."""
        return int(value)

    def to_string(self, value: int) -> str:
        """Write it."""
        return str(value)


register_url_convertor("short", ShortNumber())


class ApiRoute(Route):
    """A route whose address no other serves: it answers 405 to other methods, where Flask would answer 404."""

    def __init__(self, path: str, endpoint: Callable[..., Any], method: str = "GET") -> None:
        super().__init__(path, endpoint, methods=[method])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take a request of any method; ``handle`` refuses those that are not served."""
        match, child = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL else match), child
