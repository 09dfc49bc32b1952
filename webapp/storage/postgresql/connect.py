"""Connections to PostgreSQL, made of the address that a setting names."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import URL, Engine, Pool, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from segmentation.core.errors import BadConfiguration

_DRIVER = "postgresql+psycopg"
_OPTIONS: dict[str, Any] = {
    "connect_timeout": 10,
    "application_name": "spineview",
    # A server that is cut off is noticed, and does not keep what it has locked.
    "keepalives_idle": 30,
    "tcp_user_timeout": 60_000,
    "options": "-c idle_in_transaction_session_timeout=60s -c lock_timeout=90s",
}


def parse_url(text: str) -> URL:
    """Read an address such as ``postgresql://user:password@host/database``.

    Raises:
        ValueError: it is none. What it says holds nothing of the address, which may hold a password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("it must look like postgresql://user:password@host/database") from None
    if url.drivername not in ("postgresql", "postgres", _DRIVER):
        raise ValueError("it must begin with postgresql://")
    if not url.database:
        raise ValueError("it names no database: postgresql://user:password@host/database")
    return url.set(drivername=_DRIVER)


def engine_of(text: str, poolclass: type[Pool] = QueuePool) -> Engine:
    """Make connections to the database at an address; none is opened yet.

    Values of statements are kept out of errors and logs.

    Raises:
        BadConfiguration: the address is none, or psycopg is not installed.
    """
    try:
        url = parse_url(text)
    except ValueError as error:
        raise BadConfiguration("setting.invalid", where="database_url", detail=str(error)) from None
    sized = {"pool_size": 16} if poolclass is QueuePool else {}
    given = {key: value for key, value in _OPTIONS.items() if key not in url.query}
    try:
        engine = create_engine(
            url,
            connect_args=given,
            poolclass=poolclass,
            pool_pre_ping=True,
            hide_parameters=True,
            json_serializer=_to_json,
            **sized,
        )
    except ModuleNotFoundError as error:
        raise BadConfiguration("store.no_psycopg") from error
    event.listen(engine, "connect", _adapt)
    return engine


def shown_address(url: URL) -> str:
    """Name host and database, without account and password."""
    host = url.host or next(iter(url.normalized_query.get("host", ())), "")
    return f"{host}{f':{url.port}' if url.port else ''}/{url.database}"


def is_lost(error: SQLAlchemyError) -> bool:
    """Tell whether the database could not be reached, or went away."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    no_answer = state is None and type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout")
    # 08: connection; 57P: the server stops or starts; 25P03: it was idle for too long; 53300: too many connections.
    return error.connection_invalidated or no_answer or str(state).startswith(("08", "57P", "25P03", "53300"))


def reason_of(error: Exception) -> str:
    """Say in one line what went wrong, without the statement, its values and the address."""
    found = str(error.orig if isinstance(error, DBAPIError) else error)
    return " ".join(found.split())


def _to_json(value: Any) -> str:
    """Write JSON as its standard has it: what is no number is null."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(json.loads(json.dumps(value), parse_constant=lambda _: None))


def _adapt(connection: Any, _record: object) -> None:
    """Write texts with a NUL, which PostgreSQL does not hold, with its replacement character."""
    from psycopg.types.string import StrDumper

    class Dumper(StrDumper):
        def dump(self, text: str) -> Any:
            return super().dump(text.replace("\0", "\ufffd"))

    connection.adapters.register_dumper(str, Dumper)
