"""Passwords: argon2id (RFC 9106), and what may be one."""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.http.errors import WebError

HASHER = PasswordHasher()
"""With the library's parameters, those of RFC 9106 for little memory; tests put a quick one in its place."""
SHORTEST, LONGEST = 12, 256
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each hash fills 64 MiB."""


def check_new(password: str, name: str) -> None:
    """Refuse a password that is too easy to guess.

    Raises:
        WebError: 400, it is too short or too long, is the name, or repeats a few characters.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WebError(400, "bad_password", "password.length", least=SHORTEST, most=LONGEST)
    if name.lower() in password.lower() and len(password) < len(name) + SHORTEST:
        raise WebError(400, "bad_password", "password.has_name")
    if len(set(password)) < 5:
        raise WebError(400, "bad_password", "password.repeats")


def hashed(password: str) -> str:
    """Hash a password."""
    with _AT_ONCE:
        return HASHER.hash(_bytes(password))


def matches(password: str, password_hash: str | None) -> bool:
    """Tell whether a password is the one that was hashed; without a hash the same work is done for nothing."""
    with _AT_ONCE:
        try:
            return HASHER.verify(password_hash or _nobody(), _bytes(password)) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with other parameters than those of today."""
    return HASHER.check_needs_rehash(password_hash)


@cache
def _nobody() -> str:
    return HASHER.hash(b"nobody's")


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
