"""The server's side of a Dask scheduler: what is submitted there, what workers report, and how many there are."""

from __future__ import annotations

import logging
import math
import queue
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from webapp.engine.remote.names import Names, security_of
from webapp.engine.remote.task import Order, work_on
from webapp.settings import Settings

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger("webapp.jobs")
Report = dict[str, Any]
CONNECT_S = 5.0
_KNOWN_FOR_S = 1.0
SILENT_S = 30.0
"""After this time without a sign of life a worker is taken for lost."""


class Cluster:
    """A scheduler and its workers. One thread alone uses it.

    Args:
        settings: With the scheduler's address.
        names: Of this installation.
        wake: Called from other threads when there is a report.
    """

    def __init__(self, settings: Settings, names: Names, wake: Callable[[], None]) -> None:
        self.reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self.address = settings.dask_scheduler
        self.silent_s = SILENT_S
        self._settings = settings
        self._names = names
        self._wake = wake
        self._client: Client | None = None
        self._asked_at = -math.inf
        self._seen: dict[str, tuple[float, float]] = {}  # when the scheduler heard of each, and when that changed
        self._is_lost = False

    def connect(self) -> bool:
        """Connect if there is no connection; False if the scheduler cannot be reached. The log says so once."""
        if self._client is not None and self._client.status == "running":
            return True
        self.close()
        from distributed import Client  # imported if the setting asks for it, and by the first who needs it

        try:
            client = Client(
                self.address,
                timeout=CONNECT_S,
                security=security_of(self._settings),
                name="spineview-server",
                set_as_default=False,
            )
        except (OSError, TimeoutError, ValueError) as error:
            if not self._is_lost:
                log.error("the scheduler %s cannot be reached: %s", self.address, error)
            self._is_lost = True
            return False
        client.subscribe_topic(self._names.reports, self._hear)
        self._client, self._asked_at, self._is_lost = client, -math.inf, False
        log.info("connected to the scheduler %s", self.address)
        return True

    def workers(self) -> list[str]:
        """Addresses of the workers of this installation that answer; asked for not more often than once a second."""
        now = time.monotonic()
        if now - self._asked_at >= _KNOWN_FOR_S and self._client is not None:
            found = self._client.scheduler_info()["workers"]
            own = {name: each for name, each in found.items() if self._names.resource in each.get("resources", {})}
            for address, each in own.items():
                if each["last_seen"] != self._seen.get(address, (None, 0.0))[0]:
                    self._seen[address] = (each["last_seen"], now)
            self._seen = {address: seen for address, seen in self._seen.items() if address in own}
            self._asked_at = now
        return [address for address, (_, changed) in self._seen.items() if now - changed < self.silent_s]

    def has_any(self, addresses: list[str]) -> bool:
        """Tell whether the scheduler knows one of these workers, answering or not."""
        return any(address in self._seen for address in addresses)

    def distrust(self, address: str) -> None:
        """Give a worker no work until the scheduler hears of it again."""
        self._asked_at = -math.inf
        self.workers()
        if address in self._seen:
            self._seen[address] = (self._seen[address][0], -math.inf)

    def submit(self, order: Order, workers: list[str]) -> Future[Any]:
        """Submit work under its key; work that the scheduler knows already under that key is not done twice."""
        assert self._client is not None
        key, one = str(order["key"]), {self._names.resource: 1}
        future = self._client.submit(work_on, order, key=key, resources=one, workers=workers, pure=False)
        future.add_done_callback(lambda _: self._put({"kind": "over", "key": key}))
        return future

    def stop(self, key: str) -> None:
        """Ask whichever worker does this work to stop."""
        if self._client is not None and self._client.status == "running":
            self._client.log_event(self._names.stops, key)

    def cancel(self, future: Future[Any]) -> None:
        """Let work go that did not begin, or what was computed in vain."""
        if self._client is not None and self._client.status == "running":
            future.cancel()

    def close(self) -> None:
        """Close the connection; what was submitted over it is let go by the scheduler."""
        client, self._client = self._client, None
        if client is not None:
            client.close(timeout=2)

    def _hear(self, event: tuple[float, Report]) -> None:
        self._put(event[1])

    def _put(self, report: Report) -> None:
        self.reports.put(report)
        self._wake()
