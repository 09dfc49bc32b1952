"""Services that every route shares: settings, store, queue and admission of uploads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from webapp.accounts.access import Access
from webapp.dicomweb.archives import Archives
from webapp.engine.executor import Executor
from webapp.ingest.admission import Admission
from webapp.ingest.dicom_imports import Imports
from webapp.jobs import EngineLike, JobQueue, packaged_engine
from webapp.measures.edits import Edits
from webapp.measures.measuring import Measuring
from webapp.measures.reports import Reports
from webapp.pacs.receive import Receiver
from webapp.pacs.transfers import Transfers
from webapp.settings import Settings
from webapp.storage.store import Store

EngineFactory = Callable[[], EngineLike]


@dataclass(frozen=True)
class Services:
    """Services of one process; see ``make_services``."""

    settings: Settings
    store: Store
    jobs: JobQueue
    admission: Admission
    imports: Imports
    archives: Archives
    transfers: Transfers
    receiver: Receiver
    access: Access
    measuring: Measuring
    measure_edits: Edits
    reports: Reports


def make_services(settings: Settings, engine_factory: EngineFactory | None = None) -> Services:
    """Open the store under ``settings.data_dir``. The queue is not started and no weights are loaded yet."""
    store = Store(settings.data_dir, settings.rows_at)
    access = Access(store, settings)
    factory = engine_factory or packaged_engine(settings)
    jobs = JobQueue(store, factory, settings.mode, _remote_executor(store, settings))
    admission = Admission(store, settings.readers, keep_names=settings.keep_identity or not access.required)
    imports = Imports(store, admission, settings)
    transfers = Transfers(store, imports.admit_folder, settings.max_upload_bytes)
    receiver = Receiver(settings, store, imports.admit_folder)
    measuring, edits = Measuring(store), Edits(store)
    return Services(
        settings,
        store,
        jobs,
        admission,
        imports,
        Archives(settings.pacs),
        transfers,
        receiver,
        access,
        measuring,
        edits,
        Reports(store, measuring, edits),
    )


def _remote_executor(store: Store, settings: Settings) -> Executor | None:
    """Make what hands jobs to other machines, if a setting asks for it."""
    if settings.executor == "local":
        return None
    from webapp.engine.remote.executor import DaskExecutor

    return DaskExecutor(store, settings, settings.mode)
