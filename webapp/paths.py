"""Where the pages' files are: beside the packages in a checkout, inside ``webapp`` in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


STATIC_DIR = _folder("static")
TEMPLATES_DIR = _folder("templates")
