"""Second factor: time-based codes (RFC 6238) of a person's authenticator, and recovery codes for when it is lost."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

import pyotp

PERIOD_S = 30
WINDOW = 1
"""Steps before and after the current one whose codes are taken: clocks differ."""
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is read as another


def new_secret() -> str:
    """Make a secret of 160 bits, in base32."""
    return pyotp.random_base32()


def address_of(secret: str, name: str) -> str:
    """Write a secret as authenticators read it from a picture (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="SpineView")


def picture(secret: str, name: str) -> str:
    """Draw the QR code of a secret, as the address of an SVG."""
    import segno

    return str(segno.make(address_of(secret, name), micro=False).svg_data_uri(scale=4, border=2, light="#fff"))


def step_of(secret: str, code: str, at: float | None = None) -> int | None:
    """Find the time step that a code belongs to; None if it is wrong."""
    now = int((time.time() if at is None else at) // PERIOD_S)
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    found = None
    for step in range(now - WINDOW, now + WINDOW + 1):  # all of them, whichever it is: time tells nothing
        if hmac.compare_digest(totp.at(step * PERIOD_S), digits):
            found = step
    return found


def recovery_codes() -> list[str]:
    """Make fresh recovery codes of 50 bits each."""
    words = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    return [f"{word[:5]}-{word[5:]}" for word in words]


def recovery_hash(code: str, account_id: str) -> str:
    """Hash a recovery code as it is kept; capitals, spaces and hyphens do not matter."""
    plain = "".join(each for each in code.lower() if each.isalnum())
    return hashlib.pbkdf2_hmac("sha256", plain.encode("utf-8", "surrogatepass"), account_id.encode(), 20_000).hex()
