"""Copies of all rows between the two kinds of database: nothing is lost, changed or numbered anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    Integer,
    NullPool,
    Table,
    Text,
    cast,
    column,
    create_engine,
    event,
    func,
    insert,
    select,
    table,
    text,
)

from segmentation.core.errors import BadConfiguration
from webapp.storage.migrations import upgrade
from webapp.storage.postgresql.connect import engine_of
from webapp.storage.tables import AuditRow, Base

_PIECE = 2000
"""Rows that are in memory at once."""
_RAW_JSON = JSON(none_as_null=True)


def to_sqlite(url: str, path: Path) -> dict[str, int]:
    """Copy the rows of a PostgreSQL, as they are at one moment, into a new file of SQLite; servers may run.

    Returns:
        How many rows each table has.

    Raises:
        BadConfiguration: psycopg is missing, or the tables are not of this version.
        SQLAlchemyError: the database cannot be reached.
    """
    upgrade.prepare(path)
    with _postgresql(url) as source, source.begin(), _sqlite(path) as target, target.begin():
        return _copy(source, target)


def to_postgresql(path: Path, url: str) -> dict[str, int]:
    """Copy the rows of a file of SQLite into tables that hold none, all or nothing.

    Returns:
        How many rows each table has.

    Raises:
        BadConfiguration: there are rows already.
        SQLAlchemyError: the database cannot be reached.
    """
    with _sqlite(path) as source, source.begin(), _postgresql(url, writes=True) as target, target.begin():
        for each in Base.metadata.sorted_tables:
            if target.execute(select(each).limit(1)).first() is not None:
                raise BadConfiguration("database.not_empty", table=each.name)
        return _copy(source, target)


def _copy(source: Connection, target: Connection) -> dict[str, int]:
    counts = {each.name: _copy_table(each, source, target) for each in Base.metadata.sorted_tables}
    for name, number in _last_numbers(source).items():
        _set_last_number(target, name, number)
    return counts


def _copy_table(each: Table, source: Connection, target: Connection) -> int:
    """JSON is read as text: what is not there and what is null are two things, and stay so."""
    documents = {found.name for found in each.columns if isinstance(found.type, JSON)}
    wanted = select(
        *(cast(found, Text).label(found.name) if found.name in documents else found for found in each.columns)
    )
    plain = table(each.name, *(column(f.name, _RAW_JSON if f.name in documents else f.type) for f in each.columns))
    count = 0
    rows = source.execution_options(yield_per=_PIECE).execute(wanted.order_by(*each.primary_key.columns))
    for piece in rows.partitions():
        values = [
            {name: _read(value) if name in documents else value for name, value in row._mapping.items()}
            for row in piece
        ]
        target.execute(insert(plain), values)
        count += len(values)
    written = target.scalar(select(func.count()).select_from(each))
    if written != count:
        raise RuntimeError(f"{count} rows of {each.name} were read, and {written} are there")
    return count


def _read(document: str | None) -> Any:
    if document is None:
        return None
    found = json.loads(document)
    return JSON.NULL if found is None else found


def _numbered() -> Iterator[tuple[str, str]]:
    """Name the tables whose numbers are never given twice, each with the column."""
    for each in Base.metadata.sorted_tables:
        for key in each.primary_key.columns:
            if isinstance(key.type, Integer):
                yield each.name, key.name


def _last_numbers(source: Connection) -> dict[str, int]:
    """Read the highest number that each table ever gave; it may be higher than that of any row."""
    if source.dialect.name == "sqlite":
        return {name: number for name, number in source.execute(text("SELECT name, seq FROM sqlite_sequence"))}
    found = {}
    for name, key in _numbered():
        sequence = _sequence(source, name, key)
        found[name] = int(
            source.scalar(text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")) or 0
        )
    found[AuditRow.__tablename__] = int(source.scalar(text("SELECT number FROM audit_head")) or 0)
    return found


def _set_last_number(target: Connection, name: str, number: int) -> None:
    if target.dialect.name == "sqlite":
        target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
        target.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :number)"), {"name": name, "number": number})
    elif name == AuditRow.__tablename__:
        last = "coalesce((SELECT hash FROM audit ORDER BY id DESC LIMIT 1), hash)"
        target.execute(text(f"UPDATE audit_head SET number = :number, hash = {last}"), {"number": number})
    elif number:
        key = dict(_numbered())[name]
        target.execute(
            text("SELECT setval(:sequence, :number)"), {"sequence": _sequence(target, name, key), "number": number}
        )


def _sequence(connection: Connection, name: str, key: str) -> str:
    return str(connection.scalar(text("SELECT pg_get_serial_sequence(:name, :key)"), {"name": name, "key": key}))


@contextmanager
def _postgresql(url: str, writes: bool = False) -> Iterator[Connection]:
    engine = engine_of(url, NullPool)
    level = "READ COMMITTED" if writes else "REPEATABLE READ"
    with engine.connect().execution_options(isolation_level=level, postgresql_readonly=not writes) as connection:
        yield connection


@contextmanager
def _sqlite(path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.connect() as connection:
        yield connection
