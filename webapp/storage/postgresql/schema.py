"""Tables in PostgreSQL: made, brought to this version or refused, by one of several processes that start together."""

from __future__ import annotations

import logging

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    inspect,
    text,
)

from segmentation.core.errors import BadConfiguration
from webapp.storage.audit import START
from webapp.storage.migrations.upgrade import HEAD, REVISIONS, upgrade
from webapp.storage.tables import Base

log = logging.getLogger(__name__)

OF_POSTGRESQL = MetaData()
"""Tables that SQLite has no need of."""
AUDIT_HEAD = Table(
    "audit_head",
    OF_POSTGRESQL,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String, nullable=False),
)
"""One row: number and hash of the newest entry of the audit trail. Who adds an entry locks it, so that the chain never
forks; numbers have no gaps, as those of a sequence do whose transaction failed."""
OF_AUDIT = (
    "CREATE FUNCTION audit_is_added_to() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RAISE EXCEPTION ''the audit trail is only added to'' USING ERRCODE = ''23000''; END'",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_added_to()",
    f"INSERT INTO audit_head SELECT coalesce(max(id), 0), "
    f"coalesce((SELECT hash FROM audit ORDER BY id DESC LIMIT 1), '{START}') FROM audit",
)
_LOCK = text("SELECT pg_advisory_xact_lock(1397770575)")


def prepare(engine: Engine) -> None:
    """Make the tables of this version, or bring older ones to it, all or nothing. Others who want to, wait.

    Raises:
        BadConfiguration: a newer version wrote them, or another program; they are left as they are.
        SQLAlchemyError: the database cannot be reached, or the account may not make tables.
    """
    if examine(engine) == HEAD:
        return
    with engine.begin() as connection:
        connection.execute(_LOCK)
        found = _revision(connection)
        if found == "new":
            _create(connection)
        elif found != HEAD:
            log.warning("The database is of an earlier version, %s; it is brought to %s.", found, HEAD)
            upgrade(connection, found)


def examine(engine: Engine) -> str:
    """Tell the revision of a database, ``"new"`` if it holds no tables; changes nothing.

    Raises:
        BadConfiguration: a newer version wrote it, or another program.
        SQLAlchemyError: it cannot be reached.
    """
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str:
    inspector = inspect(connection)
    if not inspector.has_table("alembic_version"):
        if inspector.has_table("studies"):
            raise BadConfiguration("store.database_other_version")
        return "new"
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found not in REVISIONS:
        raise BadConfiguration("store.database_other_version")
    return str(found)


def _create(connection: Connection) -> None:
    """Make the tables of this version at once; the scripts, which lead to the same, are for what is there already."""
    Base.metadata.create_all(connection)
    complete(connection)
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{HEAD}')")


def complete(connection: Connection) -> None:
    """Add what SQLite has no need of, or has in other words."""
    OF_POSTGRESQL.create_all(connection)
    for statement in OF_AUDIT:
        connection.exec_driver_sql(statement)
