"""Progress of one job: into the database, where the pages see it, and into the figures of the server."""

from __future__ import annotations

import time

from segmentation.core.errors import OperationCancelled
from segmentation.core.progress import CancelCheck
from webapp.engine.segmenting import ENGINE_SHARE
from webapp.figures import STAGE_SECONDS
from webapp.storage.store import Store
from webapp.storage.tables import Job

BETWEEN_WRITES_S = 0.4


class Report:
    """Progress of one job into the database, not more often than anyone can see.

    With ``fenced``, only as long as the job's row is still at this attempt.
    """

    def __init__(self, store: Store, job: Job, cancelled: CancelCheck, fenced: bool = False) -> None:
        self._store = store
        self.job_id = job.id
        self._attempt = job.attempts if fenced else None
        self.cancelled = cancelled
        self._start = time.monotonic()
        self._written_at = 0.0
        self._stage = ""
        self._stage_since = self._start

    def check(self) -> None:
        """Raise if the job was asked to stop."""
        if self.cancelled():
            raise OperationCancelled

    def say(self, line: str) -> None:
        """Add a line to the job's log."""
        self._store.jobs.update(self.job_id, line, self._attempt)

    def __call__(self, fraction: float, stage: str, check: bool = False) -> None:
        """Note ``fraction`` (0 to 1) of ``stage``; a new stage is written at once and logged."""
        if check:
            self.check()
        now = time.monotonic()
        if stage == self._stage and now - self._written_at < BETWEEN_WRITES_S:
            return
        line = "" if stage == self._stage else stage.capitalize()
        if line:
            self._note_stage(now)
        self._stage, self._written_at = stage, now
        elapsed = now - self._start
        first = ENGINE_SHARE[0]
        eta_s = elapsed * (1 - fraction) / fraction if fraction > first + 0.02 else None
        columns = {"progress": min(1.0, fraction), "stage": stage, "eta_s": eta_s}
        self._store.jobs.update(self.job_id, line, self._attempt, **columns)

    def _note_stage(self, now: float) -> None:
        """Count how long the stage took that ends now."""
        if self._stage:
            STAGE_SECONDS.labels(self._stage).observe(now - self._stage_since)
        self._stage_since = now
