"""Open the database of a data folder whose rows are in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, NullPool, text
from sqlalchemy.exc import SQLAlchemyError

from segmentation.core.errors import BadConfiguration
from webapp.storage.database import Database
from webapp.storage.folders import Folders
from webapp.storage.postgresql import schema
from webapp.storage.postgresql.connect import engine_of, reason_of, shown_address
from webapp.storage.postgresql.database import PostgresqlDatabase

OLDEST = 140000
"""``server_version_num`` of the oldest PostgreSQL that will do."""


def open_database(folders: Folders, url: str) -> Database:
    """Open the database of a data folder; one without tables gets them, older ones are brought to this version.

    Raises:
        BadConfiguration: it cannot be reached or used, is of a newer version, or the folder's rows are in its SQLite.
    """
    folders.check_rows_are("postgresql")
    prepare(url)
    folders.note_rows_are_elsewhere()
    return PostgresqlDatabase(url)


@dataclass(frozen=True)
class Found:
    """What is at an address.

    Attributes:
        address: Host and name of the database.
        server: Version of PostgreSQL.
        revision: Of the tables; ``"new"``: there are none.
    """

    address: str
    server: str
    revision: str


def look_at(url: str) -> Found:
    """Look at a database, and change nothing.

    Raises:
        BadConfiguration: it cannot be reached or used, is too old, or of a newer version.
    """
    with _connected(url) as engine:
        with engine.connect() as connection:
            server = str(connection.scalar(text("SHOW server_version"))).split()[0]
        return Found(shown_address(engine.url), server, schema.examine(engine))


def prepare(url: str) -> None:
    """Make or migrate the tables of the database at an address.

    Raises:
        BadConfiguration: it cannot be reached or used, is too old, or of a newer version.
    """
    with _connected(url) as engine:
        schema.prepare(engine)


@contextmanager
def _connected(url: str) -> Iterator[Engine]:
    engine = engine_of(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            number = int(connection.scalar(text("SHOW server_version_num")) or 0)
        if number < OLDEST:
            raise BadConfiguration("store.database_too_old", found=number // 10000, wanted=OLDEST // 10000)
        yield engine
    except SQLAlchemyError as error:
        raise BadConfiguration("store.database_unusable", reason=reason_of(error)) from None
