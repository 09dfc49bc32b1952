"""The folders of a data folder: of studies and of what is not yet whole; and the lock against a second server."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import IO

from segmentation.core.errors import BadConfiguration
from webapp.storage.database import new_id
from webapp.storage.tables import Mask


class Folders:
    """``studies/<id>/`` holds a study's files, ``incoming/<id>/`` what is not yet whole.

    A folder is filled in ``incoming`` and renamed into its place in one step, so that nobody ever reads half a study
    or half a mask.

    Raises:
        BadConfiguration: the data folder cannot be used.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.studies = data_dir / "studies"
        self._incoming = data_dir / "incoming"
        self._lock: IO[str] | None = None
        try:
            for folder in (self.studies, self._incoming):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadConfiguration("store.unusable", folder=data_dir, reason=error.strerror) from error

    def study(self, study_id: str) -> Path:
        """Folder of a study's files."""
        return self.studies / study_id

    def mask(self, mask: Mask) -> Path:
        """Folder of a mask's files: ``mask.nii.gz``, ``volume.bin.gz``, ``<label>.stl``."""
        return self.study(mask.study_id) / "masks" / mask.id

    def stage(self) -> Path:
        """Make a fresh folder under ``incoming``; its name is a new id."""
        folder = self._incoming / new_id()
        folder.mkdir()
        return folder

    def incoming(self, name: str) -> Path:
        """A staged folder by its name; "" is the folder of all of them."""
        return self._incoming / name

    def replace_file(self, study_id: str, staged: Path) -> None:
        """Move a file out of its own staged folder into the study's, if that is still there."""
        if self.study(study_id).is_dir():
            os.replace(staged, self.study(study_id) / staged.name)
        shutil.rmtree(staged.parent, ignore_errors=True)

    def hold(self, timeout_s: float) -> None:
        """Take the data folder for this process alone: two queues on one store would run each job twice.

        Raises:
            BadConfiguration: another server still has it after ``timeout_s``.
        """
        lock = (self.data_dir / "server.lock").open("w")
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._lock = lock
                return
            except BlockingIOError as busy:
                if time.monotonic() > deadline:
                    lock.close()
                    raise BadConfiguration("store.in_use", folder=self.data_dir) from busy
                time.sleep(0.2)

    def release(self) -> None:
        """Give the data folder back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
