"""Check that a data folder keeps what it promises: rows and files agree, nothing is half there, nothing is torn.

Reads alone, with SQLite and the file system and nothing of the store, so that a fault of the store cannot hide itself.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from webapp.display.volume_files import DISPLAY_JSON, VOLUME_FILE
from webapp.engine.remote.names import INSTALLATION_FILE
from webapp.storage.database import DATABASE_FILE
from webapp.storage.folders import NIFTI_FILE, STATISTICS_FILE, THUMBNAIL_FILE
from webapp.storage.recovery.records import MASK_RECORD, STUDY_RECORD

_OPEN = ("queued", "running")
Row = dict[str, Any]


def violations(data_dir: Path, *, at_rest: bool = True, deep: bool = False, database: Path | None = None) -> list[str]:
    """List what is wrong with a data folder, a sentence each; empty if all is well.

    Args:
        data_dir: Of a server that has started since the last crash: a start finishes what was interrupted.
        at_rest: Nobody uploads, deletes or segments meanwhile, so that nothing may lie half done.
        deep: Read every compressed file to its end.
        database: File of SQLite with the rows, if it is not the one in the data folder.
    """
    path = database or data_dir / DATABASE_FILE
    if not path.is_file():
        return ["there is no database"]
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            several = (data_dir / INSTALLATION_FILE).is_file()
            return [*_of_database(connection, several), *_Check(data_dir, connection).run(at_rest, deep)]
    except sqlite3.Error as error:
        return [f"the database cannot be read: {error}"]


def _of_database(connection: sqlite3.Connection, several: bool) -> Iterator[str]:
    """``several``: workers on other machines take part, so that several jobs may run at once."""
    [[verdict]] = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if verdict != "ok":
        yield f"the database is damaged: {verdict}"
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} belongs to nothing in {parent}"
    for study_id, count in connection.execute(
        "SELECT study_id, count(*) FROM jobs WHERE state IN ('queued', 'running') GROUP BY study_id HAVING count(*) > 1"
    ):
        yield f"study {study_id} has {count} open jobs"
    [[running]] = connection.execute("SELECT count(*) FROM jobs WHERE state = 'running'").fetchall()
    if running > 1 and not several:
        yield f"{running} jobs run at once"
    for (job_id,) in connection.execute("SELECT id FROM jobs WHERE state IN ('failed') AND error IS NULL"):
        yield f"job {job_id} failed for no reason"


class _Check:
    def __init__(self, data_dir: Path, connection: sqlite3.Connection) -> None:
        self._data_dir = data_dir
        self._studies = data_dir / "studies"
        connection.row_factory = sqlite3.Row
        self._rows = {str(row["id"]): dict(row) for row in connection.execute("SELECT * FROM studies")}
        self._masks = {str(row["id"]): dict(row) for row in connection.execute("SELECT * FROM masks")}

    def run(self, at_rest: bool, deep: bool) -> Iterator[str]:
        for study_id, row in self._rows.items():
            yield from self._of_study(self._studies / study_id, row, deep)
        for mask_id, row in self._masks.items():
            yield from self._of_mask(self._studies / row["study_id"] / "masks" / mask_id, deep)
        for folder in sorted(self._studies.iterdir()):
            yield from self._of_folder(folder)
        if at_rest:
            yield from self._of_leftovers()

    def _of_study(self, folder: Path, row: Row, deep: bool) -> Iterator[str]:
        if not folder.is_dir():
            yield f"study {row['id']} has no folder"
            return
        names = (row["original"], DISPLAY_JSON, VOLUME_FILE, THUMBNAIL_FILE, STUDY_RECORD, row["reference"])
        yield from _missing(folder, [name for name in names if name])
        yield from _record(folder / STUDY_RECORD, row["id"])
        if deep:
            yield from _torn(folder)

    def _of_mask(self, folder: Path, deep: bool) -> Iterator[str]:
        if not folder.is_dir():
            yield f"mask {folder.name} has no folder"
            return
        yield from _missing(folder, [NIFTI_FILE, VOLUME_FILE, STATISTICS_FILE, MASK_RECORD])
        yield from _record(folder / MASK_RECORD, folder.name)
        if deep:
            yield from _torn(folder)

    def _of_folder(self, folder: Path) -> Iterator[str]:
        if not folder.is_dir() or not (folder / STUDY_RECORD).is_file():
            return  # not ours; left alone
        if folder.name not in self._rows:
            yield f"the folder of study {folder.name} has no row"
        for mask in sorted((folder / "masks").glob(f"*/{MASK_RECORD}")):
            if mask.parent.name not in self._masks:
                yield f"the folder of mask {mask.parent.name} has no row"
        for part in folder.rglob("*.part"):
            yield f"{part.relative_to(self._data_dir)} was left half written"

    def _of_leftovers(self) -> Iterator[str]:
        for name in ("incoming", "trash"):
            place = self._data_dir / name
            for left in sorted(place.iterdir()) if place.is_dir() else ():
                yield f"{name}/{left.name} was left behind"


def _missing(folder: Path, names: list[str]) -> Iterator[str]:
    for name in names:
        path = folder / name
        if not path.exists():
            yield f"{path} is missing"
        elif path.is_file() and not path.stat().st_size:
            yield f"{path} is empty"


def _record(path: Path, identity: str) -> Iterator[str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield f"{path} cannot be read"
        return
    if found.get("id") != identity:
        yield f"{path} is that of another"


def _torn(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.gz")):
        try:
            with gzip.open(path) as file:
                while file.read(1 << 20):
                    pass
        except (OSError, EOFError, zlib.error) as error:
            yield f"{path} is torn: {error}"
