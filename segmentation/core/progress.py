"""Callables by which long work reports its progress and learns that it was cancelled."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]  # (fraction 0..1, stage)
CancelCheck = Callable[[], bool]


def ignore(fraction: float, stage: str) -> None:
    """Discard the progress of work that nobody watches."""


def never() -> bool:
    """Return False: a check for work that nobody cancels."""
    return False
