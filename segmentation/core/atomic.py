"""Files that appear whole or not at all: written under another name, then renamed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: Path, *, durable: bool = False, keep_suffix: bool = False) -> Iterator[Path]:
    """Give the name of a temporary file in the folder of ``path``; it becomes ``path`` when the block ends.

    Where the block raises, the temporary file is removed and ``path`` stays as it was. Readers see the old file or
    the new one, never a part of either, because POSIX renames within one folder at once.

    Args:
        path: The file to make or replace. Its folder must exist.
        durable: Survive a power cut too: the file's bytes and its name are on the disk when the block has ended.
        keep_suffix: End the temporary name as ``path`` ends, for libraries that choose a format by the suffix;
            otherwise it ends in ``.part``, so that nothing that lists files by suffix takes it for a finished one.

    Yields:
        A path that does not exist yet. The block creates it.

    Raises:
        OSError: the folder is missing, or the disk is full.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}{path.suffix if keep_suffix else '.part'}")
    try:
        yield partial
        if durable:
            _sync(partial)
        os.replace(partial, path)
        if durable:
            _sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes | str, *, durable: bool = False) -> None:
    """Write ``content`` (text as UTF-8) to ``path`` by ``atomic_path``, which says what is guaranteed."""
    with atomic_path(path, durable=durable) as partial:
        partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def rename_durably(source: Path, target: Path) -> None:
    """Rename a file or a folder within one file system so that its new name survives a power cut.

    What it holds survives only if ``sync_tree`` was called before.

    Raises:
        OSError: ``target`` is a folder that is not empty, or lies on another file system.
    """
    os.replace(source, target)
    _sync(target.parent)
    if source.parent != target.parent:
        _sync(source.parent)


def sync_tree(path: Path) -> None:
    """Wait until a file, or a folder with all that it holds, is on the disk."""
    for folder, _, names in os.walk(path):
        for name in names:
            _sync(Path(folder, name))
        _sync(Path(folder))
    if not path.is_dir():
        _sync(path)


def _sync(path: Path) -> None:
    """Wait until the bytes of a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
