"""The store: everything that is kept, with a repository for each table, and a folder for each study."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from segmentation.core.errors import BadConfiguration
from webapp.http.errors import WebError
from webapp.storage.access.accounts import Accounts
from webapp.storage.access.credentials import Credentials
from webapp.storage.access.places import Places
from webapp.storage.audit import Audit
from webapp.storage.database import DATABASE_FILE, Database, SqliteDatabase
from webapp.storage.deferred_audit import DeferredAudit
from webapp.storage.folders import Folders
from webapp.storage.jobs import Jobs
from webapp.storage.masks import Masks
from webapp.storage.measurements import Measurements
from webapp.storage.migrations.upgrade import HEAD, examine, prepare
from webapp.storage.queue.batches import Batches
from webapp.storage.queue.reuse import Results
from webapp.storage.recovery.recover import Recovery
from webapp.storage.reviews import Reviews
from webapp.storage.studies import Studies
from webapp.storage.tables import Mask

_HOLD_S = 5.0


class Store:
    """The one place where page, API, job and viewer meet. Safe to use from any thread.

    Args:
        data_dir: For its folders see ``webapp.storage.folders.Folders``.
        database_url: Of the PostgreSQL that holds the rows; "": ``spineview.sqlite3`` in ``data_dir`` does.

    Raises:
        BadConfiguration: the folder or the database cannot be used, holds the studies of a newer version, or the rows
            of these studies are in the other kind of database.
    """

    def __init__(self, data_dir: Path, database_url: str = "") -> None:
        self.data_dir = data_dir
        with _described(data_dir):
            self._folders = Folders(data_dir)
        self._database = self._open(database_url)
        self.studies = Studies(self._database, self._folders)
        self.jobs = Jobs(self._database, self._folders)
        self.batches = Batches(self._database)
        self.results = Results(self._database, self._folders)
        self.masks = Masks(self._database, self._folders)
        self.measurements = Measurements(self._database, self._folders)
        self.reviews = Reviews(self._database, self._folders)
        self.audit = Audit(self._database)
        self.deferred_audit = DeferredAudit(self.audit)
        self.accounts = Accounts(self._database)
        self.credentials = Credentials(self._database)
        self.places = Places(self._database)

    def _open(self, database_url: str) -> Database:
        if database_url:
            from webapp.storage.postgresql import opening  # psycopg, which only an installation of several needs

            return opening.open_database(self._folders, database_url)
        path = self.data_dir / DATABASE_FILE
        with _described(self.data_dir):
            self._folders.check_rows_are("sqlite")
            if examine(path) != HEAD:
                with self._folders.held(_HOLD_S):
                    prepare(path)
            return SqliteDatabase(path)

    def hold(self, timeout_s: float = 15.0) -> None:
        """Take this data folder for this process alone.

        Raises:
            BadConfiguration: another server still has it after ``timeout_s``, or it cannot be written.
        """
        with _described(self.data_dir):
            self._folders.hold(timeout_s)

    def recover(self) -> None:
        """Finish what was interrupted, and adopt studies that the database does not know; before anything is served.

        Raises:
            BadConfiguration: the folder cannot be written, or the disk is full.
        """
        with _described(self.data_dir):
            Recovery(self._database, self._folders).run()
            self._folders.keep_reserve()

    def close(self) -> None:
        """Give the database's connections and the folder back."""
        self._database.close()
        self._folders.release()

    def folder(self, study_id: str) -> Path:
        """Folder of a study's files."""
        return self._folders.study(study_id)

    def mask_folder(self, mask: Mask) -> Path:
        """Folder of a mask's files: ``mask.nii.gz``, ``volume.bin.gz``, ``<label>.stl``."""
        return self._folders.mask(mask)

    def stage(self) -> Path:
        """Make a fresh folder under ``incoming``; its name is a new id."""
        return self._folders.stage()

    @property
    def temporary(self) -> Path:
        """Folder of temporary files; a start empties it."""
        return self._folders.temporary

    @property
    def uploads(self) -> Path:
        """Folder of uploads that can go on after a dropped connection, or a restart."""
        return self._folders.uploads

    def incoming(self, name: str) -> Path:
        """Return a staged folder by its name; "" is the folder of all of them."""
        return self._folders.incoming / name


@contextmanager
def _described(data_dir: Path) -> Iterator[None]:
    """Turn faults of disk and database into a sentence about the data folder."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    except (DatabaseError, sqlite3.Error) as error:
        reason = str(error.orig if isinstance(error, DatabaseError) else error)
    except WebError as error:
        if error.code != "disk_full":
            raise
        reason = "the disk is full"
    else:
        return
    raise BadConfiguration("store.unusable", folder=data_dir, reason=reason)
