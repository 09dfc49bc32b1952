"""How long work reports and stops: two plain callables, so that the engine knows no queue and no page."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]  # (fraction 0..1, stage)
Cancelled = Callable[[], bool]


def ignore(fraction: float, stage: str) -> None:
    """A progress callable that reports to nobody."""


def never() -> bool:
    """A cancelled callable that is never cancelled."""
    return False
