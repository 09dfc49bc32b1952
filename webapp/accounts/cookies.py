"""The session's cookie. Over TLS its name begins with ``__Host-``, which no other host and no plain page can set."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

_NAME = "spineview"


def secret_of(connection: HTTPConnection) -> str:
    """Read the session's secret; "" if there is none."""
    return connection.cookies.get(_name(connection), "")


def give(connection: HTTPConnection, response: Response, secret: str) -> None:
    """Set the cookie: for this browser session alone, out of reach of scripts and of other sites' requests."""
    secure = _is_secure(connection)
    response.set_cookie(_name(connection), secret, path="/", secure=secure, httponly=True, samesite="lax")


def take_away(connection: HTTPConnection, response: Response) -> None:
    """Remove the cookie."""
    secure = _is_secure(connection)
    response.delete_cookie(_name(connection), path="/", secure=secure, httponly=True, samesite="lax")


def _name(connection: HTTPConnection) -> str:
    return f"__Host-{_NAME}" if _is_secure(connection) else _NAME


def _is_secure(connection: HTTPConnection) -> bool:
    return connection.url.scheme in ("https", "wss")
