"""Open the database of a data folder, whatever version wrote it: create it, migrate it, refuse it or set it aside."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, NullPool, create_engine, event

from segmentation.core.atomic import atomic_path
from segmentation.core.errors import BadConfiguration
from webapp.storage.access import tables as _access  # noqa: F401 - its tables are Base's, too
from webapp.storage.queue import tables as _queue  # noqa: F401 - the same
from webapp.storage.tables import Base

log = logging.getLogger(__name__)

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
HEAD = REVISIONS[-1]
USER_VERSION = 4
"""Of databases that alembic looks after. Versions before alembic counted to 3, and refuse what is above."""
_REVISION_OF_USER_VERSION = {0: "0001", 1: "0001", 2: "0002", 3: "0003"}
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
State = Literal["new", "damaged"]


def prepare(path: Path) -> None:
    """Make ``path`` a database of this version. The caller must hold the data folder's lock.

    An older one is migrated, all or nothing, after a copy of it was put into ``backups``; a damaged one is moved to
    ``lost``, and an empty one takes its place.

    Raises:
        BadConfiguration: a newer version wrote it; it is left as it is.
        sqlite3.Error, OSError: the disk is full, or the folder cannot be written.
    """
    found = examine(path)
    if found == HEAD:
        return
    if found == "damaged":
        _set_aside(path)
    if found in ("new", "damaged"):
        _create(path)
    else:
        _back_up(path, found)
        _migrate(path, found)


def examine(path: Path) -> State | str:
    """Tell the revision of a database, ``"new"`` if there is none, or ``"damaged"``; changes nothing.

    Raises:
        BadConfiguration: a newer version wrote it, or another program.
        sqlite3.Error: it cannot be opened.
    """
    if not path.exists() or not path.stat().st_size:
        return "new"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return "damaged"
            return _revision(connection, path)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            return "damaged"
        raise


def _revision(connection: sqlite3.Connection, path: Path) -> State | str:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    [user_version] = connection.execute("PRAGMA user_version").fetchone()
    if not tables and not user_version:
        return "new"
    found = _REVISION_OF_USER_VERSION.get(user_version) if "studies" in tables else None
    if "alembic_version" in tables:
        [found] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or [None]
    if found not in REVISIONS or user_version > USER_VERSION:
        raise BadConfiguration("store.other_version", folder=path.parent)
    return str(found)


def _create(path: Path) -> None:
    """Make the tables of this version at once; the scripts, which lead to the same, are for what is there already."""
    with _connect(path).begin() as connection:
        Base.metadata.create_all(connection)
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{HEAD}')")
        connection.exec_driver_sql(f"PRAGMA user_version = {USER_VERSION}")


def _set_aside(path: Path) -> None:
    lost = path.parent / "lost"
    lost.mkdir(exist_ok=True)
    aside = lost / f"{path.stem}-{_now()}{path.suffix}"
    for ending in ("-wal", "-shm", ""):  # the database last: without it the others would be taken for a new one's
        part = Path(f"{path}{ending}")
        if part.exists():
            os.replace(part, f"{aside}{ending}")
    log.warning(
        "The database in %s was damaged. It was moved to %s, and the studies are taken up again from their folders.",
        path.parent,
        aside,
    )


def _back_up(path: Path, revision: str) -> None:
    backups = path.parent / "backups"
    backups.mkdir(exist_ok=True)
    copy = backups / f"{path.stem}-{revision}-{_now()}{path.suffix}"
    with (
        atomic_path(copy, durable=True) as partial,
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(partial)) as target,
    ):
        source.backup(target)
    log.warning("The database in %s is of an earlier version; a copy of it is kept as %s.", path.parent, copy)


def _migrate(path: Path, found: str) -> None:
    """Run the scripts from revision ``found`` on, in one transaction."""
    with _connect(path).begin() as connection:
        upgrade(connection, found)
        wrong = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if wrong:
            raise sqlite3.IntegrityError(f"{len(wrong)} rows would refer to nothing")
        connection.exec_driver_sql(f"PRAGMA user_version = {USER_VERSION}")


def upgrade(connection: Connection, found: str | None, to: str = HEAD) -> None:
    """Run alembic's scripts on a connection, from revision ``found`` (None: an empty database) to ``to``."""
    from alembic import command  # takes as long to import as everything else that a start needs
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    if found is not None:
        command.stamp(config, found)
    command.upgrade(config, to)


def _connect(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _prepare_connection(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # else Python would commit before each change of a table
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA synchronous=FULL")


def _now() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
