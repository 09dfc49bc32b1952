"""What the commands write besides masks, and the checks that come before long work."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from segmentation.core.atomic import write_atomically
from segmentation.core.errors import InputError


def check_writable(path: Path | None, *suffixes: str) -> None:
    """Refuse an output file that could not be written after minutes of work. None is nothing to write.

    Raises:
        InputError: its folder does not exist or may not be written, or it ends in none of ``suffixes``.
    """
    if path is None:
        return
    if suffixes and not path.name.lower().endswith(suffixes):
        raise InputError(f"{path.name} does not end in {' or '.join(suffixes)}.", "Choose such a name.")
    if path.is_dir():
        raise InputError(f"{path} is a folder.", "Give the name of a file to write.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent} to write {path.name} into.", "Make it first.")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"The folder {path.parent} may not be written.", "Choose another.")


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write ``content`` as indented JSON; the file appears whole or not at all."""
    write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
