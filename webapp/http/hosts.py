"""Names under which this server may be addressed, and origins whose pages may change things.

A page of another site can make its own name resolve to this server (DNS rebinding). Its requests then carry that name
in ``Host`` and in ``Origin``, and a browser lets it read the answers. So each request's ``Host`` must be a name that
is known to be this server's; an IP address cannot be rebound.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self
from urllib.parse import urlsplit

_AUTHORITY = re.compile(r"[\w.~%:\[\]-]+", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of a page (RFC 6454); a socket has the origin of the page that opens it."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read an ``Origin`` header or setting; None for ``null`` and for what is no origin of HTTP."""
        scheme, separator, authority = text.strip().rstrip("/").partition("://")
        return cls.of(scheme.lower(), authority) if separator else None

    @classmethod
    def of(cls, scheme: str, authority: str) -> Self | None:
        """Make the origin of a request from its scheme and its ``Host``; None if either makes no sense."""
        name, scheme = host_name(authority), _SCHEMES.get(scheme, "")
        if name is None or not scheme:
            return None
        return cls(scheme, name, urlsplit(f"//{authority}").port or _DEFAULT_PORTS[scheme])


class Hosts:
    """The names of this server.

    Args:
        bound: The address it listens on. A loopback address is reached by loopback names alone; any other one also
            by every IP address and by the names of this machine.
        allowed: Further names, lower case or not, without a port.
    """

    def __init__(self, bound: str, allowed: Iterable[str] = ()) -> None:
        self._names = {bound.lower(), *(name.lower() for name in allowed)}
        self._is_open = not is_loopback(bound)
        if self._is_open:
            self._names |= _machine_names(socket.gethostname())
            # The full name takes a question to a name server, which may take long to answer.
            threading.Thread(target=self._add_full_name, name="host-name", daemon=True).start()

    def __contains__(self, authority: str) -> bool:
        """Tell whether a ``Host`` header names this server."""
        name = host_name(authority)
        if name is None:
            return False
        return name in self._names or is_loopback(name) or (self._is_open and _address(name) is not None)

    def _add_full_name(self) -> None:
        self._names |= _machine_names(socket.getfqdn())


def host_name(authority: str) -> str | None:
    """Take the name or address out of ``name:port``, lower case, without brackets; None if it is malformed."""
    if not _AUTHORITY.fullmatch(authority):
        return None
    try:
        parts = urlsplit(f"//{authority}")
        _ = parts.port  # raises for what is no port
    except ValueError:
        return None
    return parts.hostname.rstrip(".") if parts.hostname else None


def is_loopback(name: str) -> bool:
    """Tell whether a name or an address leads to this machine alone (RFC 6761, section 6.3)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(name)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback


def outward_address(bound: str) -> str:
    """Find the address under which other machines reach a server that listens on ``bound``.

    Of a wildcard (``0.0.0.0``, ``::``) it is the address that the default route leaves from, else the machine's name.
    """
    address = _address(bound)
    if address is None or not address.is_unspecified:
        return bound
    family, target = (socket.AF_INET, "192.0.2.1") if address.version == 4 else (socket.AF_INET6, "2001:db8::1")
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))  # of a datagram socket: chooses a route, sends nothing
            found = str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()
    return socket.gethostname() if is_loopback(found) else found


def _machine_names(name: str) -> set[str]:
    name = name.lower().rstrip(".")
    return {name, name.partition(".")[0], f"{name.partition('.')[0]}.local"} - {"", ".local"}


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name.partition("%")[0])
    except ValueError:
        return None
