"""Everything that is kept, in one place: a table a repository, and a folder a study."""

from __future__ import annotations

import shutil
from pathlib import Path

from webapp.storage.audit import Audit
from webapp.storage.database import Database
from webapp.storage.folders import Folders
from webapp.storage.jobs import Jobs
from webapp.storage.masks import Masks
from webapp.storage.measurements import Measurements
from webapp.storage.reviews import Reviews
from webapp.storage.studies import Studies
from webapp.storage.tables import Mask


class Store:
    """The one place where page, API, job and viewer meet. Safe to use from any thread.

    Attributes:
        data_dir: ``spineview.sqlite3`` holds the rows, ``studies/<id>/`` the files, ``incoming/<id>/`` what is not
            yet whole.

    Raises:
        BadConfiguration: the folder cannot be used, or holds the studies of a newer version.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._folders = Folders(data_dir)
        self._database = Database(data_dir)
        self.studies = Studies(self._database, self._folders)
        self.jobs = Jobs(self._database, self._folders)
        self.masks = Masks(self._database)
        self.measurements = Measurements(self._database)
        self.reviews = Reviews(self._database)
        self.audit = Audit(self._database)

    def hold(self, timeout_s: float = 15.0) -> None:
        """Take this data folder for this process alone.

        Raises:
            BadConfiguration: another server still has it after ``timeout_s``.
        """
        self._folders.hold(timeout_s)

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

    def incoming(self, name: str) -> Path:
        """A staged folder by its name; "" is the folder of all of them."""
        return self._folders.incoming(name)

    def replace_file(self, study_id: str, staged: Path) -> None:
        """Move a file out of its own staged folder into the study's, if that is still there."""
        self._folders.replace_file(study_id, staged)

    def sweep(self) -> list[str]:
        """Remove what a crash left, unfinished uploads and folders without a row; return their names."""
        known = {study.id for study in self.studies.all()}
        incoming = list(self._folders.incoming("").iterdir())
        leftovers = [*incoming, *(f for f in self._folders.studies.iterdir() if f.name not in known)]
        for leftover in leftovers:
            shutil.rmtree(leftover, ignore_errors=True)
        return [leftover.name for leftover in leftovers]
