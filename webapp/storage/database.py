"""The database of a data folder: its connections, one writer at a time, and a tag that changes with each write."""

from __future__ import annotations

import errno
import secrets
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Row, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from webapp.http.errors import WebError

DATABASE_FILE = "spineview.sqlite3"
_NO_ROOM = "53100"  # PostgreSQL's disk_full


def new_id() -> str:
    """Make a random, url-safe name of 80 bits: no one finds a study by guessing."""
    return secrets.token_hex(10)


class Database(ABC):
    """A database through SQLAlchemy, its tables made by ``.migrations``. Safe to use from any thread.

    A subclass sets the three engines up: ``_reader`` sees one moment for a whole session, ``_single`` runs statements
    without a transaction around them, ``_writer`` writes.
    """

    _reader: Engine
    _single: Engine
    _writer: Engine

    @property
    @abstractmethod
    def version(self) -> str:
        """A tag of what the database holds: equal tags, equal rows. Read it before the rows."""

    @abstractmethod
    def transaction(self, alone: bool = True) -> AbstractContextManager[Session]:
        """Open a transaction that may write; on the disk when it ends.

        Args:
            alone: One at a time, so that what was read stays as it is until the end. Without it, what decides must be
                read ``with_for_update``; where the database knows no locks of rows, it makes no difference.

        Raises:
            WebError: 507, the disk is full; 503, the database cannot be reached. Nothing was written.
        """

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that only reads, all of it at one moment; it waits for nobody.

        Raises:
            WebError: 503, the database cannot be reached.
        """
        with self._explained(), Session(self._reader) as session:
            yield session

    def rows(self, statement: Executable, **parameters: Any) -> Sequence[Row[*tuple[Any, ...]]]:
        """Read what one statement finds, all of it at one moment, without the cost of a session; it waits for nobody.

        Args:
            statement: Made once, with ``bindparam`` for what differs: making it takes longer than running it.
            parameters: Their values.

        Raises:
            WebError: 503, the database cannot be reached.
        """
        with self._explained(), self._single.connect() as connection:
            return connection.execute(statement, parameters).all()

    def _explained(self) -> AbstractContextManager[None]:
        """Turn faults of the connection into a ``WebError``; a file has none."""
        return nullcontext()

    def close(self) -> None:
        """Close all connections."""
        self._reader.dispose()


class SqliteDatabase(Database):
    """SQLite, on a file that ``.migrations.upgrade`` prepared and that this process alone writes."""

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
        """A tag that counts this process's writes, the only ones there are, and differs from run to run."""
        return f"{self._run}-{self._writes:x}"

    @contextmanager
    def transaction(self, alone: bool = True) -> Iterator[Session]:
        """Open a transaction that may write, one at a time; waiting here beats SQLite's busy error."""
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


def is_full(error: Exception) -> bool:
    """Tell whether something could not be written because the disk is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    cause = error.orig if isinstance(error, OperationalError) else error
    return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or _sqlstate(error) == _NO_ROOM


def _sqlstate(error: Exception) -> str | None:
    """Read PostgreSQL's code of an error; None of any other."""
    return getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None


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
