"""Files of uploads that are not whole yet: one folder each, which survives dropped connections and restarts.

``uploads/<id>/`` holds ``data``, what has come so far, and ``upload.json``. What nobody continues goes after a day,
by a timer: it can name a patient.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path

from segmentation.core.atomic import write_atomically
from webapp.http.errors import WebError, not_found
from webapp.storage.database import new_id

EXPIRES_S = 24 * 3600
MOST_PER_USER = 20
_ID = re.compile(r"[0-9a-f]{20}")
_DATA, _RECORD, _RESULT = "data", "upload.json", "result.json"


@dataclass(frozen=True)
class Part:
    """An upload that has begun.

    Attributes:
        folder: Its name is the upload's id.
        length: Bytes that will come.
        who: Who began it.
        metadata: As the client sent it, in tus's own form.
    """

    folder: Path
    length: int
    who: str
    metadata: str

    @property
    def id(self) -> str:
        """Random; knowing it is needed to go on."""
        return self.folder.name

    @property
    def data(self) -> Path:
        """The file that grows."""
        return self.folder / _DATA

    @property
    def offset(self) -> int:
        """Bytes that have come."""
        return self.data.stat().st_size

    @property
    def expires_at(self) -> float:
        """When it will be removed unless it goes on, seconds since the epoch."""
        return self.data.stat().st_mtime + EXPIRES_S

    @property
    def result(self) -> dict[str, str] | None:
        """What was made of it: ``{"study": id}`` or ``{"import": id}``; None before."""
        try:
            found: dict[str, str] = json.loads((self.folder / _RESULT).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return found

    def keep_result(self, **result: str) -> None:
        """Remember what was made of it, for a client that missed the answer; the bytes are not needed any more."""
        write_atomically(self.folder / _RESULT, json.dumps(result), durable=True)
        write_atomically(self.data, b"")  # a new file: the one with the bytes may by now be a study's

    def cut(self, offset: int) -> None:
        """Forget what came after ``offset``, on the disk too."""
        with self.data.open("r+b") as file:
            file.truncate(offset)
            os.fsync(file.fileno())

    def sync(self) -> None:
        """Wait until what has come is on the disk: the client will not send it again."""
        with self.data.open("rb") as file:
            os.fsync(file.fileno())


class Parts:
    """All uploads that have begun."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, length: int, who: str, metadata: str) -> Part:
        """Begin one.

        Raises:
            WebError: 429, this user has begun too many.
            OSError: the disk is full.
        """
        if sum(part.who == who and part.result is None for part in self) >= MOST_PER_USER:
            raise WebError(429, "too_many", "upload.too_many_begun", count=MOST_PER_USER)
        folder = self._folder / new_id()
        folder.mkdir(parents=True)
        try:
            part = Part(folder, length, who, metadata)
            part.data.touch()
            record = {name: value for name, value in asdict(part).items() if name != "folder"}
            write_atomically(folder / _RECORD, json.dumps(record), durable=True)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return part

    def get(self, part_id: str, who: str) -> Part:
        """One that ``who`` began.

        Raises:
            WebError: 404, there is none, or it has expired.
        """
        part = self._read(self._folder / part_id) if _ID.fullmatch(part_id) else None
        if part is None or part.expires_at < time.time() or not _may_continue(part, who):
            raise not_found("upload")
        return part

    def remove(self, part: Part) -> None:
        """Remove one and all that came of it."""
        shutil.rmtree(part.folder, ignore_errors=True)

    def expire(self) -> None:
        """Remove what nobody has continued for a day, and what a crash left half begun."""
        if not self._folder.is_dir():
            return
        for folder in self._folder.iterdir():
            part = self._read(folder)
            last = part.expires_at if part else folder.stat().st_mtime + EXPIRES_S
            if last < time.time():
                shutil.rmtree(folder, ignore_errors=True)

    def __iter__(self) -> Iterator[Part]:
        if self._folder.is_dir():
            yield from filter(None, map(self._read, self._folder.iterdir()))

    @staticmethod
    def _read(folder: Path) -> Part | None:
        try:
            record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
            part = Part(folder, int(record["length"]), str(record["who"]), str(record["metadata"]))
            part.data.stat()
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return part


def _may_continue(part: Part, who: str) -> bool:
    """Tell whether ``who`` began it. Without accounts that is an address, which changes with the network."""
    try:
        ip_address(part.who)
    except ValueError:
        return part.who == who
    return True
