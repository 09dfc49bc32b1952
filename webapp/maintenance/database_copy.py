"""Move the rows of a data folder whose server is stopped from its file of SQLite to PostgreSQL, and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from segmentation.core.atomic import rename_durably
from segmentation.core.errors import BadConfiguration
from webapp.storage.audit import Audit
from webapp.storage.database import DATABASE_FILE, Database, SqliteDatabase
from webapp.storage.folders import Folders
from webapp.storage.migrations import upgrade
from webapp.storage.postgresql import copy_rows
from webapp.storage.postgresql.connect import reason_of
from webapp.storage.postgresql.database import PostgresqlDatabase
from webapp.storage.postgresql.opening import prepare
from webapp.storage.tables import Base

_HOLD_S = 5.0


@dataclass(frozen=True)
class Copied:
    """What was copied.

    Attributes:
        rows: How many of each table.
        audit_faults: What is wrong with the audit trail, as it is in the copy.
        where: A sentence on where the rows are now, and where the others went.
    """

    rows: dict[str, int]
    audit_faults: list[str]
    where: str


def move_to_postgresql(data_dir: Path, url: str) -> Copied:
    """Copy all rows into an empty PostgreSQL; the file of SQLite is put into ``backups``.

    Raises:
        BadConfiguration: a server uses the folder, there is no such file, there are rows in PostgreSQL, or it cannot be
            reached. Everything is as it was.
    """
    path = data_dir / DATABASE_FILE
    if not path.is_file():
        raise BadConfiguration("database.no_rows", folder=data_dir)
    folders = Folders(data_dir)
    with folders.held(_HOLD_S):
        upgrade.prepare(path)
        prepare(url)
        rows = _reached(lambda: copy_rows.to_postgresql(path, url))
        faults = _audit_faults(PostgresqlDatabase(url))
        folders.note_rows_are_elsewhere()
        kept = _set_aside(path)
    return Copied(rows, faults, f"the rows are in PostgreSQL now; the file they were in is kept as {kept}")


def copy_back(data_dir: Path, url: str) -> Copied:
    """Copy all rows from PostgreSQL into a new file of SQLite; PostgreSQL stays as it is.

    Raises:
        BadConfiguration: a server uses the folder, it has such a file, or PostgreSQL cannot be reached.
    """
    folders, path = Folders(data_dir), data_dir / DATABASE_FILE
    with folders.held(_HOLD_S):
        folders.check_rows_are("postgresql")
        prepare(url)
        partial = data_dir / f".{DATABASE_FILE}.part"
        partial.unlink(missing_ok=True)
        rows = _reached(lambda: copy_rows.to_sqlite(url, partial))
        faults = _audit_faults(SqliteDatabase(partial))
        rename_durably(partial, path)
        folders.note_rows_are_here()
    return Copied(rows, faults, f"the rows are in {path} now; unset SPINEVIEW_DATABASE_URL before the server starts")


def check_is_empty(url: str) -> None:
    """Check, before anything is written, that rows can be copied there.

    Raises:
        BadConfiguration: there are rows, or PostgreSQL cannot be reached.
    """
    prepare(url)
    database = PostgresqlDatabase(url)
    try:
        for each in Base.metadata.sorted_tables:
            if database.rows(select(each).limit(1)):
                raise BadConfiguration("database.not_empty", table=each.name)
    finally:
        database.close()


def _reached(copy: Callable[[], dict[str, int]]) -> dict[str, int]:
    try:
        return copy()
    except SQLAlchemyError as error:
        raise BadConfiguration("store.database_unusable", reason=reason_of(error)) from None


def _audit_faults(database: Database) -> list[str]:
    try:
        return Audit(database).verify()
    finally:
        database.close()


def _set_aside(path: Path) -> Path:
    """Move a file of SQLite into ``backups``, with all that it holds in the one file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    backups = path.parent / "backups"
    backups.mkdir(exist_ok=True)
    kept = backups / f"{path.stem}-moved-{datetime.now(UTC):%Y%m%dT%H%M%S%f}{path.suffix}"
    rename_durably(path, kept)
    return kept
