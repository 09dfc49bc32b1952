"""Drafts: corrections of a mask that are not saved as a version yet, on the disk before they are acknowledged.

A draft is a file in the folder of the mask that it begins with. Blocks are only added to its end, each with its length
and checksum, so that a crash costs what was not acknowledged and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from segmentation.core.atomic import sync_tree
from webapp.http.errors import WebError, not_found
from webapp.storage.folders import DRAFTS_FOLDER

MOST_BYTES = 64 << 20
MOST_DRAFTS = 8  # of one owner and mask
_ID = re.compile(r"[0-9a-f-]{8,40}")
_RECORD = struct.Struct("<II")  # length and CRC-32 of what follows
_lock = threading.Lock()  # appending takes milliseconds: one lock for all is enough


@dataclass(frozen=True)
class Draft:
    """One draft.

    Attributes:
        owner: Who may see it, as ``webapp.accounts.principal.Principal.owner``.
        who: The same in words.
        records: How often blocks were added.
        changed_at: When that was last, UTC.
    """

    id: str
    owner: str
    who: str
    records: int
    bytes: int
    changed_at: datetime


def drafts_of(folder: Path, owner: str) -> list[Draft]:
    """List an owner's drafts in a mask's ``folder``, the newest first."""
    found = [_draft(path) for path in (folder / DRAFTS_FOLDER).glob("*.edits")]
    mine = [draft for draft in found if draft is not None and draft.owner == owner]
    return sorted(mine, key=lambda draft: draft.changed_at, reverse=True)


def add_to_draft(folder: Path, draft_id: str, data: bytes, after: int, owner: str, who: str) -> Draft:
    """Add a body of blocks to a draft, which begins with its first one. It is on the disk when this returns.

    Args:
        folder: Of the mask.
        draft_id: Chosen by the page: 8 to 40 of ``0-9a-f-``.
        data: As ``webapp.storage.edits.blocks`` reads it; checked by the caller.
        after: How many bodies the page knows to be there. The last one sent once more is not added again.
        owner: Who edits.
        who: The same in words.

    Raises:
        WebError: 400, the id is none; 404, the draft is somebody else's; 409, it was changed in another page, or there
            are too many; 413, it is too large; 507, the disk is full.
    """
    path = _path(folder, draft_id)
    with _lock:
        if not path.is_file():
            _begin(folder, path, owner, who)
        draft, payloads = _checked(path, owner), _Payloads(path)
        if draft.records == after + 1 and payloads.last() == data:
            return draft
        if draft.records != after:
            raise WebError(409, "draft_changed", "edits.draft_elsewhere")
        if draft.bytes + len(data) > MOST_BYTES:
            raise WebError(413, "too_large", "edits.draft_full", limit=MOST_BYTES >> 20)
        with path.open("r+b") as file:
            file.truncate(payloads.end)  # what a crash left half written
            file.seek(payloads.end)
            file.write(_RECORD.pack(len(data), zlib.crc32(data)) + data)
            file.flush()
            os.fsync(file.fileno())
        return _checked(path, owner)


def read_draft(folder: Path, draft_id: str, owner: str) -> list[bytes]:
    """Read the bodies of a draft in their order. Raises WebError: 404, there is none of this owner."""
    path = _path(folder, draft_id)
    _checked(path, owner)
    return list(_Payloads(path))


def remove_draft(folder: Path, draft_id: str, owner: str) -> None:
    """Remove a draft. Raises WebError: 404, there is none of this owner."""
    path = _path(folder, draft_id)
    _checked(path, owner)
    path.unlink(missing_ok=True)


def joined(payloads: list[bytes]) -> bytes:
    """Write bodies one after another, each behind its length as little-endian uint32."""
    return b"".join(struct.pack("<I", len(data)) + data for data in payloads)


class _Payloads:
    """The bodies in a file, up to the first that is not whole; ``end`` is where the next one goes."""

    def __init__(self, path: Path) -> None:
        self._content = path.read_bytes()
        self.end = self._content.find(b"\n") + 1
        self._found = list(self._read())

    def _read(self) -> Iterator[bytes]:
        while self.end + _RECORD.size <= len(self._content):
            length, checksum = _RECORD.unpack_from(self._content, self.end)
            begin = self.end + _RECORD.size
            data = self._content[begin : begin + length]
            if len(data) < length or zlib.crc32(data) != checksum:
                return
            self.end = begin + length
            yield data

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def last(self) -> bytes | None:
        return self._found[-1] if self._found else None


def _path(folder: Path, draft_id: str) -> Path:
    if not _ID.fullmatch(draft_id):
        raise WebError(400, "bad_request", "edits.bad_id")
    return folder / DRAFTS_FOLDER / f"{draft_id}.edits"


def _begin(folder: Path, path: Path, owner: str, who: str) -> None:
    if len(drafts_of(folder, owner)) >= MOST_DRAFTS:
        raise WebError(409, "too_many_drafts", "edits.too_many_drafts", count=MOST_DRAFTS)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(json.dumps({"owner": owner, "who": who}).encode() + b"\n")
    sync_tree(path.parent)


def _draft(path: Path) -> Draft | None:
    """Describe a draft; None if its first line was not whole when the server died, or it is gone."""
    try:
        with path.open("rb") as file:
            head = json.loads(file.readline())
        changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        payloads = _Payloads(path)
        return Draft(path.stem, head["owner"], head["who"], len(payloads), payloads.end, changed_at)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _checked(path: Path, owner: str) -> Draft:
    draft = _draft(path) if path.is_file() else None
    if draft is None or draft.owner != owner:
        raise not_found("draft")
    return draft
