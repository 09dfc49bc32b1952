"""The database of a data folder: its connections, one writer at a time, and a tag that changes with each write."""

from __future__ import annotations

import errno
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Executable, Row, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from webapp.http.errors import WebError

DATABASE_FILE = "spineview.sqlite3"


def new_id() -> str:
    """Make a random, url-safe name of 80 bits: no one finds a study by guessing."""
    return secrets.token_hex(10)


class Database:
    """SQLite through SQLAlchemy, on a file that ``.migrations.upgrade`` prepared. Safe to use from any thread."""

    def __init__(self, path: Path) -> None:
        self._reader = create_engine(
            f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 30}, pool_size=16
        )
        event.listen(self._reader, "connect", _tune)
        event.listen(self._reader, "begin", _begin)
        self._writer = self._reader.execution_options(writes=True)
        self._single = self._reader.execution_options(single=True)
        self._write = threading.RLock()
        self._run = secrets.token_hex(4)
        self._writes = 0

    @property
    def version(self) -> str:
        """A tag of what the database holds: equal tags, equal rows. Read it before the rows.

        It counts this process's writes, the only ones there are, and differs from run to run.
        """
        return f"{self._run}-{self._writes:x}"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a transaction that may write, one at a time; on the disk when it ends.

        Waiting here beats SQLite's busy error.

        Raises:
            WebError: 507, the disk is full; nothing was written.
        """
        with self._write:
            try:
                with Session(self._writer) as session, session.begin():
                    yield session
            except (OperationalError, OSError) as error:
                if is_full(error):
                    raise disk_full() from error
                raise
            finally:
                self._writes += 1  # after the commit: a reader who is early asks once more, and misses nothing

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that only reads, all of it at one moment; it waits for nobody."""
        with Session(self._reader) as session:
            yield session

    def rows(self, statement: Executable, **parameters: Any) -> Sequence[Row[*tuple[Any, ...]]]:
        """Read what one statement finds, all of it at one moment, without the cost of a session; it waits for nobody.

        Args:
            statement: Made once, with ``bindparam`` for what differs: making it takes longer than running it.
            parameters: Their values.
        """
        with self._single.connect() as connection:
            return connection.execute(statement, parameters).all()

    def close(self) -> None:
        """Close all connections."""
        self._reader.dispose()


def is_full(error: Exception) -> bool:
    """Tell whether something could not be written because the disk is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    cause = error.orig if isinstance(error, OperationalError) else error
    return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def disk_full() -> WebError:
    """Say that there is no room on the disk."""
    return WebError(507, "disk_full", "store.disk_full")


def _tune(connection: sqlite3.Connection, _record: object) -> None:
    """Set up a connection.

    WAL: readers never wait for the writer. Foreign keys: a study's rows go with it. Synchronous in full: what was
    acknowledged survives a power cut. No isolation level: Python leaves BEGIN to ``_begin``.
    """
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Take SQLite's lock at once for a writer, else two that have read could wait for each other.

    A single statement that reads needs no transaction around it.
    """
    options = connection.get_execution_options()
    if not options.get("single", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", False) else "BEGIN")
