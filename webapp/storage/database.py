"""The database of a data folder: its connections, and one writer at a time."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session

from segmentation.core.errors import BadConfiguration
from webapp.storage.tables import Base

DATABASE_FILE = "spineview.sqlite3"
SCHEMA = 3  # of webapp/storage/tables.py; a change of a table there is a new number here, and a migration
# Statements that lead from each older schema to the next.
MIGRATIONS = {
    1: ("ALTER TABLE masks ADD COLUMN confidence JSON",),
    2: ("ALTER TABLE studies ADD COLUMN notes JSON",),
}


def new_id() -> str:
    """Make a random, url-safe name of 80 bits: no one finds a study by guessing."""
    return secrets.token_hex(10)


class Database:
    """SQLite through SQLAlchemy. Safe to use from any thread.

    Raises:
        BadConfiguration: the database was written by a newer version.
    """

    def __init__(self, data_dir: Path) -> None:
        self._engine = create_engine(
            f"sqlite:///{data_dir / DATABASE_FILE}",
            connect_args={"check_same_thread": False, "timeout": 30},
        )
        event.listen(self._engine, "connect", _tune)
        self._write = threading.RLock()
        self._check_schema(data_dir)

    def _check_schema(self, data_dir: Path) -> None:
        with self._engine.begin() as connection:
            found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if found not in (0, *MIGRATIONS, SCHEMA):
                raise BadConfiguration("store.other_version", folder=data_dir)
            for version in range(found or SCHEMA, SCHEMA):
                for statement in MIGRATIONS[version]:
                    connection.exec_driver_sql(statement)
            Base.metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a transaction that may write, one at a time: waiting here beats SQLite's busy error."""
        with self._write, Session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that only reads; it waits for nobody."""
        with Session(self._engine) as session:
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _tune(connection: Any, _record: Any) -> None:
    """WAL: readers never wait for the writer. Foreign keys: a study's rows go with it."""
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
