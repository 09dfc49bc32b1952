"""Paths of the pages' files: at the top of a checkout, inside ``webapp`` in an installed wheel."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


STATIC_DIR = _folder("static")
TEMPLATES_DIR = _folder("templates")


@cache
def versioned(address: str) -> str:
    """Add a hash of its file to an address under ``/static/``, so that a new build is never taken for the old one."""
    content = (STATIC_DIR / address.removeprefix("/static/")).read_bytes()
    return f"{address}?v={hashlib.sha256(content).hexdigest()[:12]}"
