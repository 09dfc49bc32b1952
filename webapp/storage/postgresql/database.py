"""PostgreSQL as the database of several processes: who writes waits for the others, whatever process they are of."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.http.errors import WebError
from webapp.storage.database import Database, disk_full, is_full
from webapp.storage.postgresql.connect import engine_of, is_lost

_LOCK = text("SELECT pg_advisory_xact_lock(1397770574)")
"""Held by whoever writes alone, until the end of its transaction; of this database and no other."""
_SNAPSHOT = text("SELECT pg_postmaster_start_time()::text || '/' || pg_current_snapshot()::text")


class PostgresqlDatabase(Database):
    """PostgreSQL, with tables that ``.schema`` prepared; any number of processes use it."""

    def __init__(self, url: str) -> None:
        engine = engine_of(url)
        self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._single = engine.execution_options(isolation_level="AUTOCOMMIT")
        # Each statement sees what was committed before it: what is read under a lock is the newest.
        self._writer = engine.execution_options(isolation_level="READ COMMITTED")
        self._write = threading.RLock()

    @property
    def version(self) -> str:
        """A tag that names which transactions are over: for all processes the same, and another after each write."""
        [[found]] = self.rows(_SNAPSHOT)
        return "".join(each if each.isalnum() else "-" for each in str(found))

    @contextmanager
    def transaction(self, alone: bool = True) -> Iterator[Session]:
        """Open a transaction that may write; ``alone`` keeps those of all processes apart that ask for it, too."""
        with self._write if alone else nullcontext(), self._explained():
            try:
                with Session(self._writer) as session, session.begin():
                    if alone:
                        session.execute(_LOCK)
                    yield session
            except (DBAPIError, OSError) as error:
                if is_full(error):
                    raise disk_full() from error
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if is_lost(error):
                raise unreachable() from error
            raise


def unreachable() -> WebError:
    """Say that the database does not answer."""
    return WebError(503, "database_unreachable", "store.database_unreachable")
