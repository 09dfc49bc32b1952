"""Entries of the audit trail that a full disk did not take: kept in memory, and written as soon as there is room."""

from __future__ import annotations

import logging
import threading
from collections import deque
from datetime import UTC, datetime

from webapp.http.errors import WebError
from webapp.storage.audit import Audit

log = logging.getLogger(__name__)
MOST = 10_000
Entry = tuple[str, str, str, str]


class DeferredAudit:
    """Record what must not be refused for want of room, such as a download. Safe to use from any thread."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._waiting: deque[Entry] = deque(maxlen=MOST)
        self._lock = threading.Lock()

    def record(self, who: str, action: str, study_id: str, detail: str = "") -> None:
        """Record an entry now, or, while the disk is full, in the log and later in the trail, with its time."""
        with self._lock:
            try:
                self._audit.record(who, action, study_id, detail)
            except WebError as error:
                if error.code != "disk_full":
                    raise
                at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
                log.warning(
                    "the disk is full; to be recorded later: %s %s study %s (%s)", who, action, study_id, detail
                )
                self._waiting.append((who, action, study_id, f"{detail} (recorded late; done at {at})".strip()))

    def flush(self) -> None:
        """Write what waits.

        Raises:
            WebError: 507, the disk is still full; the rest goes on waiting.
        """
        with self._lock:
            while self._waiting:
                self._audit.record(*self._waiting[0])
                self._waiting.popleft()
