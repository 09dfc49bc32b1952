"""DICOM receiver: a C-STORE provider (PS3.4 annex B) for scanners and archives, off unless a port is set.

Only AE titles on the list may send. Files go to the disk as they came; when the sender is done, each study of the
association is admitted like an upload. Nothing of what they hold reaches the log.
"""

from __future__ import annotations

import logging
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segmentation.core.errors import BadConfiguration, InputError
from webapp.dicomweb.answers import is_uid
from webapp.http.errors import WebError
from webapp.pacs.transfers import Admit
from webapp.settings import Settings
from webapp.storage.store import Store

# It logs what it is sent, and what it is sent names patients.
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
log = logging.getLogger(__name__)

_SUCCESS, _OUT_OF_RESOURCES = 0x0000, 0xA700
_ASSOCIATIONS = 4


@dataclass
class _Incoming:
    """What one association has sent: a folder a study."""

    folder: Path
    sender: str
    received_bytes: int = 0
    studies: dict[str, Path] = field(default_factory=dict)
    count: int = 0


class Receiver:
    """The C-STORE provider. It listens from ``start`` to ``stop``.

    Raises:
        BadConfiguration: from ``start``, the port cannot be used.
    """

    def __init__(self, settings: Settings, store: Store, admit: Admit) -> None:
        self._settings = settings
        self._store = store
        self._admit = admit
        self._server: Any = None
        self._incoming: dict[Any, _Incoming] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(settings.readers, thread_name_prefix="received")

    @property
    def port(self) -> int | None:
        """Where it listens; None while it does not."""
        return None if self._server is None else int(self._server.server_address[1])

    def start(self) -> None:
        """Listen, if a port is set."""
        settings = self._settings
        if settings.dicom_port is None:
            return
        # Only here: a server that receives nothing need not wait for these to be imported.
        from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage
        from pynetdicom import ALL_TRANSFER_SYNTAXES, evt
        from pynetdicom.ae import ApplicationEntity
        from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

        entity = ApplicationEntity(ae_title=settings.dicom_aet)
        entity.maximum_associations = _ASSOCIATIONS
        entity.require_called_aet = True
        entity.require_calling_aet = list(settings.dicom_allowed_aets)  # the settings refuse an empty list
        entity.add_supported_context(Verification)
        for sop_class in (CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage):
            entity.add_supported_context(sop_class, ALL_TRANSFER_SYNTAXES[:])
        handlers = [(evt.EVT_C_STORE, self._store_one), (evt.EVT_CONN_CLOSE, self._closed)]
        try:
            address = (settings.host, settings.dicom_port)
            self._server = entity.start_server(address, block=False, evt_handlers=handlers)  # type: ignore[arg-type]
        except OSError as error:
            raise BadConfiguration("server.dicom_port", port=settings.dicom_port, reason=error.strerror) from error
        log.info("receiving DICOM as %s on port %d", settings.dicom_aet, self.port)

    def stop(self) -> None:
        """Stop listening; what has been received whole is still admitted."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None
        self._pool.shutdown(wait=True)

    def _store_one(self, event: Any) -> int:
        """Write one image; answers DICOM's status. What else is raised makes pynetdicom answer that it failed."""
        incoming = self._of(event.assoc)
        try:
            data: bytes = event.encoded_dataset()
            study = _study_uid(event)
            incoming.received_bytes += len(data)
            free = shutil.disk_usage(self._store.data_dir).free
            if incoming.received_bytes > self._settings.max_upload_bytes or (
                free - len(data) < self._settings.min_free_bytes
            ):
                return _OUT_OF_RESOURCES
            folder = incoming.studies.get(study)
            if folder is None:
                folder = incoming.studies[study] = incoming.folder / f"{len(incoming.studies)}"
                folder.mkdir()
            incoming.count += 1
            (folder / f"{incoming.count:06d}.dcm").write_bytes(data)
        except OSError:
            return _OUT_OF_RESOURCES
        return _SUCCESS

    def _of(self, association: Any) -> _Incoming:
        with self._lock:
            incoming = self._incoming.get(association)
            if incoming is None:
                sender = str(association.requestor.ae_title).strip()
                incoming = self._incoming[association] = _Incoming(self._store.stage(), sender)
            return incoming

    def _closed(self, event: Any) -> None:
        with self._lock:
            incoming = self._incoming.pop(event.assoc, None)
        if incoming is not None:
            self._pool.submit(self._admit_all, incoming)

    def _admit_all(self, incoming: _Incoming) -> None:
        try:
            for folder in incoming.studies.values():
                self._admit_one(folder, incoming.sender)
        finally:
            shutil.rmtree(incoming.folder, ignore_errors=True)

    def _admit_one(self, folder: Path, sender: str) -> None:
        try:
            study_id = self._admit(folder, sender)
            if self._settings.dicom_group is not None:
                self._store.studies.regroup(study_id, self._settings.dicom_group)
            self._store.audit.record(sender, "receive", study_id)
            log.info("received study %s from %s", study_id, sender)
        except (InputError, WebError) as refusal:
            # The sentence may quote a header; the code cannot.
            code = refusal.code
            log.warning("a study from %s was refused: %s", sender, code)
            self._store.audit.record(sender, "refuse", "", code)
        except Exception as fault:  # noqa: BLE001 - the thread outlives it; a traceback could quote a header
            log.error("a study from %s could not be admitted: %s", sender, type(fault).__name__)


def _study_uid(event: Any) -> str:
    """StudyInstanceUID of what was sent; nothing else of it is looked at here."""
    import pydicom

    request = event.request.DataSet
    request.seek(0)
    syntax = event.context.transfer_syntax
    found = pydicom.filereader.read_dataset(
        request, syntax.is_implicit_VR, syntax.is_little_endian, stop_when=_after_study_uid
    )
    uid = str(found.StudyInstanceUID)
    if not is_uid(uid):
        raise ValueError
    return uid


def _after_study_uid(tag: Any, _vr: str | None, _length: int) -> bool:
    return bool(tag > 0x0020000D)
