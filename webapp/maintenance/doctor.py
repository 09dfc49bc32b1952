"""The command ``spineview doctor``: say in a line each what of an installation is missing or wrong."""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segmentation.core.errors import BadConfiguration, InputError
from segmentation.core.messages import Message
from segmentation.core.version import product_version
from webapp.engine.interface import packaged_engine, weights_of
from webapp.engine.remote.names import read_names, require_dask
from webapp.engine.remote.probe import WorkerFacts, ask_workers
from webapp.settings import Settings, load_settings
from webapp.storage.database import DATABASE_FILE
from webapp.storage.folders import ELSEWHERE_FILE
from webapp.storage.migrations.upgrade import HEAD, examine
from webapp.translations import LANGUAGES, messages

_DONE, _WRONG = 0, 1
CLOCKS_S = 2.0
"""How far apart clocks may be: times of day of a job's log come from several machines."""
_GB = 1e9


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, and whether it is as it must be."""

    is_wrong: bool
    message: Message


def add_options(command: argparse.ArgumentParser) -> None:
    """Add its options."""
    command.add_argument("--data", metavar="DIR", type=Path, help="folder of studies and database")
    command.add_argument("--lang", choices=list(LANGUAGES), default="en", help="of what is printed")


def run(options: argparse.Namespace) -> int:
    """Look at everything, print a line each; 1 if something is wrong."""
    catalogue = messages(options.lang)
    is_wrong = False
    for finding in examine_installation(load_settings(data_dir=options.data)):
        is_wrong |= finding.is_wrong
        line = Message.of("doctor.wrong" if finding.is_wrong else "doctor.well", finding=finding.message).text(
            catalogue
        )
        print(" ".join(f"{line} {finding.message.hint(catalogue)}".split()), flush=True)
    return _WRONG if is_wrong else _DONE


def examine_installation(settings: Settings) -> Iterator[Finding]:
    """Look at the installation that these settings describe, from this machine; nothing of it is changed."""
    yield _well(Message.of("doctor.version", version=product_version()))
    folder = settings.data_dir
    if not folder.is_dir():
        yield _wrong(Message.of("doctor.no_folder", folder=folder))
    else:
        yield from _folder(folder)
        yield from _disk(folder, settings.min_free_bytes)
        yield _postgresql(settings) if settings.rows_at else _database(folder)
    if settings.executor == "local":
        yield _engine(settings)
    elif folder.is_dir():
        yield from _workers(settings)


def _well(message: Message) -> Finding:
    return Finding(False, message)


def _wrong(message: Message) -> Finding:
    return Finding(True, message)


def _folder(folder: Path) -> Iterator[Finding]:
    owner, user = folder.stat().st_uid, os.geteuid()
    if owner != user:
        yield _wrong(Message.of("doctor.owner", folder=folder, owner=owner, user=user))
    try:
        begin = time.time()
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            written = os.stat(file.name).st_mtime
        end = time.time()
    except OSError as error:
        yield _wrong(Message.of("doctor.no_rights", folder=folder, reason=error.strerror or str(error)))
        return
    yield _well(Message.of("doctor.rights", folder=folder))
    ahead_s = max(0.0, written - end) + min(0.0, written - begin)
    if abs(ahead_s) > CLOCKS_S:  # of a file system on another machine
        yield _wrong(Message.of("doctor.folder_clock", folder=folder, seconds=ahead_s))


def _disk(folder: Path, wanted_bytes: int) -> Iterator[Finding]:
    free_gb, wanted_gb = shutil.disk_usage(folder).free / _GB, wanted_bytes / _GB
    if free_gb <= wanted_gb:
        yield _wrong(Message.of("doctor.disk_full", free=free_gb, wanted=wanted_gb))
    else:
        yield _well(Message.of("doctor.disk", free=free_gb))


def _database(folder: Path) -> Finding:
    try:
        if (folder / ELSEWHERE_FILE).exists():
            raise BadConfiguration("store.rows_in_postgresql", folder=folder)
        found = examine(folder / DATABASE_FILE)
    except InputError as error:
        return _wrong(error.problem.message)
    except (OSError, sqlite3.Error) as error:
        return _wrong(Message.of("doctor.no_database", reason=str(error)))
    if found == "damaged":
        return _wrong(Message.of("doctor.damaged_database"))
    if found == "new":
        return _well(Message.of("doctor.new_database"))
    if found != HEAD:
        return _well(Message.of("doctor.old_database", found=found, wanted=HEAD))
    return _well(Message.of("doctor.database", found=found))


def _postgresql(settings: Settings) -> Finding:
    from webapp.storage.postgresql.opening import look_at

    if (settings.data_dir / DATABASE_FILE).exists():
        return _wrong(Message.of("store.rows_in_sqlite", folder=settings.data_dir))
    try:
        found = look_at(settings.rows_at)
    except InputError as error:
        return _wrong(error.problem.message)
    where = {"address": found.address, "server": found.server}
    if found.revision == "new":
        return _well(Message.of("doctor.postgresql_new", **where))
    if found.revision != HEAD:
        return _well(Message.of("doctor.postgresql_old", found=found.revision, wanted=HEAD, **where))
    return _well(Message.of("doctor.postgresql", found=found.revision, **where))


def _engine(settings: Settings) -> Finding:
    """Load the model as the server does: its SHA-256 and the GPU are looked at there."""
    try:
        engine = packaged_engine(settings)()
    except InputError as error:
        return _wrong(error.problem.message)
    return _well(Message.of("doctor.engine", model=weights_of(engine), device=engine.device))


def _workers(settings: Settings) -> Iterator[Finding]:
    address = settings.dask_scheduler
    try:
        require_dask()
        workers = ask_workers(settings, read_names(settings.data_dir))
    except InputError as error:
        yield _wrong(error.problem.message)
        return
    except (OSError, TimeoutError, ValueError) as error:
        yield _wrong(Message.of("doctor.no_scheduler", address=address, reason=str(error)))
        return
    yield _well(Message.of("doctor.scheduler", address=address))
    if not workers:
        yield _wrong(Message.of("doctor.no_workers", address=address))
        return
    [(usual, _)] = Counter(worker.model for worker in workers).most_common(1)
    for worker in workers:
        found = list(_worker(worker, usual))
        yield from found or [
            _well(Message.of("doctor.worker", name=worker.name, model=worker.model, device=worker.device))
        ]


def _worker(worker: WorkerFacts, usual_model: str) -> Iterator[Finding]:
    name = worker.name
    if worker.fault:
        yield _wrong(Message.of("doctor.worker_fault", name=name, reason=worker.fault))
    if not worker.version:
        return
    if worker.version != product_version():
        yield _wrong(Message.of("doctor.worker_version", name=name, found=worker.version, wanted=product_version()))
    if worker.model != usual_model:
        yield _wrong(Message.of("doctor.worker_model", name=name, found=worker.model, wanted=usual_model))
    if abs(worker.ahead_s) > CLOCKS_S:
        yield _wrong(Message.of("doctor.worker_clock", name=name, seconds=worker.ahead_s))
