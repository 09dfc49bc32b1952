"""The session's cookie. Over TLS its name begins with ``__Host-``, which no other host and no plain page can set.

Below a path of another site it is sent to that path alone, and begins with ``__Secure-``: ``__Host-`` forbids a path
(RFC 6265bis section 4.1.3).
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

from webapp.http.sub_path import SUB_PATH, outward

_NAME = "spineview"


def secret_of(connection: HTTPConnection) -> str:
    """Read the session's secret; "" if there is none."""
    return connection.cookies.get(_name(connection), "")


def give(connection: HTTPConnection, response: Response, secret: str) -> None:
    """Set the cookie: for this browser session alone, out of reach of scripts and of other sites' requests."""
    secure = _is_secure(connection)
    response.set_cookie(_name(connection), secret, path=outward("/"), secure=secure, httponly=True, samesite="lax")


def take_away(connection: HTTPConnection, response: Response) -> None:
    """Remove the cookie."""
    secure = _is_secure(connection)
    response.delete_cookie(_name(connection), path=outward("/"), secure=secure, httponly=True, samesite="lax")


def _name(connection: HTTPConnection) -> str:
    prefix = "__Secure-" if SUB_PATH.get() else "__Host-"
    return f"{prefix}{_NAME}" if _is_secure(connection) else _NAME


def _is_secure(connection: HTTPConnection) -> bool:
    return connection.url.scheme in ("https", "wss")
