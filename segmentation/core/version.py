"""The version of the installed distribution."""

from __future__ import annotations

from functools import cache


@cache
def product_version() -> str:
    """Return the installed version, or ``"dev"`` in a checkout that was never installed."""
    from importlib.metadata import PackageNotFoundError, version  # a command line that prints no version needs none

    try:
        return version("spineview")
    except PackageNotFoundError:
        return "dev"
