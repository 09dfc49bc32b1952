"""Output files of the commands besides masks, and checks that come before long work."""

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
        raise InputError("output.wrong_suffix", name=path.name, suffixes=" or ".join(suffixes))
    if path.is_dir():
        raise InputError("output.is_a_folder", path=path)
    if not path.parent.is_dir():
        raise InputError("output.no_folder", folder=path.parent, name=path.name)
    if not os.access(path.parent, os.W_OK):
        raise InputError("output.not_writable", folder=path.parent)


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write ``content`` as indented JSON; the file appears whole or not at all."""
    write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
