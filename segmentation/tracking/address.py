"""Addresses of trackers."""

from __future__ import annotations

from urllib.parse import urlsplit

from segmentation.core.errors import BadConfiguration

DEFAULT_PORT = 18944


def parse_address(text: str) -> tuple[str, int]:
    """Read ``host``, ``host:port`` or ``[IPv6]:port``.

    Raises:
        InputError: it is none of these.
    """
    parts = urlsplit(f"//{text.strip()}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.path or parts.query or parts.username is not None or any(c.isspace() for c in host):
        raise BadConfiguration("tracker.bad_address", address=text)
    return host, port or DEFAULT_PORT
