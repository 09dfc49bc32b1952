"""Transfers: fetch a series from an archive in the background and make a study of it."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.core.errors import InputError, OperationCancelled, Problem
from webapp.enumerations import OPEN_TRANSFER_STATES, TransferState
from webapp.http.errors import WebError, from_input_error
from webapp.storage.database import new_id
from webapp.storage.store import Store

if TYPE_CHECKING:
    from webapp.dicomweb.client import DicomWeb

log = logging.getLogger(__name__)

AT_ONCE = 2
_KEPT = 200  # of those that are over

Admit = Callable[[Path, str], str]
"""(folder that holds the files of one series and nothing else, who asked) to the id of the study made of them."""


@dataclass(frozen=True)
class Transfer:
    """One series that is being fetched.

    Attributes:
        pacs: Name of the archive.
        series_uid: What is fetched.
        images_expected: As the archive counts; None if it does not say.
        images, received_bytes: What has come.
        study_id: Of the study, once it is there.
        error: Why one failed.
        who: Who began it.
        group: Whose the study will be.
    """

    id: str
    pacs: str
    series_uid: str
    images_expected: int | None
    state: TransferState = "waiting"
    images: int = 0
    received_bytes: int = 0
    study_id: str | None = None
    error: Problem | None = None
    who: str = ""
    group: str | None = None


class Transfers:
    """All transfers of this process. Safe to use from any thread; a restart forgets them."""

    def __init__(self, store: Store, admit: Admit, most_bytes: int) -> None:
        self._store = store
        self._admit = admit
        self._most_bytes = most_bytes
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pacs")
        self._lock = threading.Lock()
        self._all: dict[str, Transfer] = {}
        self._cancelled: set[str] = set()

    def start(
        self,
        archive: DicomWeb,
        study_uid: str,
        series_uid: str,
        expected: int | None,
        who: str,
        group: str | None = None,
    ) -> Transfer:
        """Begin to fetch a series; one that is already on its way for the same person is answered instead."""
        with self._lock:
            for transfer in self._all.values():
                same = (transfer.pacs, transfer.series_uid, transfer.who, transfer.group)
                if transfer.state in OPEN_TRANSFER_STATES and same == (archive.name, series_uid, who, group):
                    return transfer
            transfer = Transfer(new_id(), archive.name, series_uid, expected, who=who, group=group)
            self._forget_oldest()
            self._all[transfer.id] = transfer
        self._pool.submit(self._run, transfer.id, archive, study_uid, who)
        return transfer

    def get(self, transfer_id: str) -> Transfer | None:
        """One transfer, as it is now."""
        with self._lock:
            return self._all.get(transfer_id)

    def cancel(self, transfer_id: str) -> Transfer | None:
        """Stop a transfer; what has come of it is removed."""
        with self._lock:
            transfer = self._all.get(transfer_id)
            if transfer is not None and transfer.state in OPEN_TRANSFER_STATES:
                self._cancelled.add(transfer_id)
                transfer = self._all[transfer_id] = replace(transfer, state="cancelled")
            return transfer

    def stop(self) -> None:
        """Cancel everything and wait until it has let go."""
        with self._lock:
            self._cancelled.update(self._all)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, transfer_id: str, archive: DicomWeb, study_uid: str, who: str) -> None:
        folder = self._store.stage()
        try:
            self._fetch(transfer_id, archive, study_uid, folder)
            self._check(transfer_id)
            self._set(transfer_id, state="checking")
            study_id = self._admit(folder, who)
            group = self._all[transfer_id].group
            if group is not None:
                self._store.studies.regroup(study_id, group)
            self._store.audit.record(who, "fetch", study_id, archive.name)
            self._set(transfer_id, state="done", study_id=study_id)
        except OperationCancelled:
            self._set(transfer_id, state="cancelled")
        except (WebError, InputError) as refusal:
            error = from_input_error(refusal) if isinstance(refusal, InputError) else refusal
            self._fail(transfer_id, error)
        except Exception as fault:  # noqa: BLE001 - the page must hear of it; a traceback could quote a header
            log.error("a transfer from %s failed: %s", archive.name, type(fault).__name__)
            self._fail(transfer_id, WebError(500, "internal", "server.fault"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _fetch(self, transfer_id: str, archive: DicomWeb, study_uid: str, folder: Path) -> None:
        transfer = self._set(transfer_id, state="fetching")

        def progress(images: int, received_bytes: int) -> None:
            self._set(transfer_id, images=images, received_bytes=received_bytes)

        archive.retrieve(
            study_uid,
            transfer.series_uid,
            folder,
            progress,
            cancelled=lambda: transfer_id in self._cancelled,
            most_bytes=self._most_bytes,
        )

    def _check(self, transfer_id: str) -> None:
        if transfer_id in self._cancelled:
            raise OperationCancelled

    def _fail(self, transfer_id: str, error: WebError) -> None:
        self._set(transfer_id, state="failed", error=error.problem)

    def _set(self, transfer_id: str, **changes: object) -> Transfer:
        with self._lock:
            before = self._all[transfer_id]
            if before.state not in OPEN_TRANSFER_STATES:  # cancelled, and nothing wakes it up
                return before
            changed: Transfer = replace(before, **changes)  # type: ignore[arg-type]
            self._all[transfer_id] = changed
            return changed

    def _forget_oldest(self) -> None:
        over = [key for key, transfer in self._all.items() if transfer.state not in OPEN_TRANSFER_STATES]
        for key in over[: max(0, len(over) - _KEPT)]:
            del self._all[key]
            self._cancelled.discard(key)
