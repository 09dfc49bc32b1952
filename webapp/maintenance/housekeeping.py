"""Remove by a timer what nobody comes back for: unfinished imports and uploads, temporary voxels, what is too old.

A study is removed here only where a setting says for how long studies are kept, and the audit trail records it.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from webapp.http.errors import WebError
from webapp.ingest.upload_parts import Parts
from webapp.services import Services

log = logging.getLogger(__name__)

EVERY_S = 60.0
TEMPORARY_S = 24 * 3600
"""Longest that anything may still work on a temporary file."""
RETENTION = "retention"
"""Who removes studies that are older than the setting allows, in the audit trail."""


class Housekeeping:
    """A thread that goes round every minute, from ``start`` to ``stop``."""

    def __init__(self, services: Services, every_s: float = EVERY_S) -> None:
        self._services = services
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Go round now, and then by the clock."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._work, name="housekeeping", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def round(self) -> None:
        """Do everything once; what fails is logged, and the rest is done."""
        tasks: tuple[Callable[[], object], ...] = (
            self._services.store.deferred_audit.flush,
            self._services.imports.expire,
            Parts(self._services.store.uploads).expire,
            self._remove_temporary,
            self._remove_old_studies,
            self._remove_spare_masks,
        )
        for task in tasks:
            try:
                task()
            except (OSError, SQLAlchemyError, WebError):
                log.exception("housekeeping could not finish")

    def _work(self) -> None:
        while True:
            self.round()
            if self._stopping.wait(self._every_s):
                return

    def _remove_temporary(self) -> None:
        """Remove what a killed reader left of a scan's voxels."""
        sweep(self._services.store.temporary, TEMPORARY_S)

    def _remove_old_studies(self) -> None:
        """Remove studies that came longer ago than ``retention_days``; one that is being worked on stays for now."""
        days = self._services.settings.retention_days
        if days is None:
            return
        oldest = datetime.now(UTC) - timedelta(days=days)
        store = self._services.store
        for study in store.studies.all():
            if study.created_at < oldest and study.state not in ("queued", "running"):
                log.info("study %s is older than %d days and is removed", study.id, days)
                store.studies.delete(study.id, RETENTION)

    def _remove_spare_masks(self) -> None:
        """Remove results beyond the newest ``masks_per_study``."""
        keep = self._services.settings.masks_per_study
        for mask_id in () if keep is None else self._services.store.masks.spare(keep):
            self._services.store.masks.delete(mask_id, RETENTION)


def sweep(folder: Path, older_than_s: float) -> None:
    """Remove the entries of a folder that were last changed longer ago than that."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        try:
            age_s = time.time() - entry.stat().st_mtime
        except FileNotFoundError:
            continue
        if age_s < older_than_s:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
