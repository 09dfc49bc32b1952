"""The archives of the settings, by the name that pages use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.dicomweb.config import PacsServer
from webapp.http.errors import not_found

if TYPE_CHECKING:  # it brings httpx, which a server without archives need not wait for
    from webapp.dicomweb.client import DicomWeb


class Archives:
    """Look archives up; hold the only reference to their secrets."""

    def __init__(self, servers: tuple[PacsServer, ...]) -> None:
        self._servers = {server.name: server for server in servers}

    @property
    def names(self) -> list[str]:
        """All names, in the order of the settings."""
        return list(self._servers)

    def get(self, name: str) -> DicomWeb:
        """Make the client of one archive. Raises WebError: 404, there is none of that name."""
        if name not in self._servers:
            raise not_found("pacs")
        from webapp.dicomweb.client import DicomWeb

        return DicomWeb(self._servers[name])
