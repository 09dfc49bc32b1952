"""Folders of the data folder: studies and unfinished files; and the lock against a second server."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from segmentation.core.atomic import rename_durably
from segmentation.core.errors import BadConfiguration
from webapp.storage.database import DATABASE_FILE, new_id
from webapp.storage.tables import Mask

NIFTI_FILE, STATISTICS_FILE = "mask.nii.gz", "statistics.json"
"""In a mask's folder."""
NAMES_FILE = "vertebrae.json"
"""Beside a mask of kind ``vertebrae``: each vertebra's name, confidence and place, and whether the row is sure."""
VERSION_FILE = "version.json"
"""In the folder of a mask that a reader made: who, of which mask, and what was changed."""
MEASURE_EDITS_FILE = "edited-measures.json"
"""In the folder of a mask: values of its measures that readers changed."""
DRAFTS_FOLDER = "drafts"
"""In the folder of a mask: corrections of it that are not saved as a version yet."""
THUMBNAIL_FILE = "thumbnail.png"
"""In a study's folder: the list's picture."""
ELSEWHERE_FILE = "database-is-postgresql"
"""In the data folder: its rows are not in it. Whoever forgets to say where they are does not begin a second list."""
RESERVE_BYTES = 8 << 20
_ENOUGH_BYTES = 256 << 20  # for anything that is made for one answer
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in it is made with a random name, for this account alone


class Folders:
    """Paths of all files in a data folder.

    ``studies/<id>/`` holds a study's files, ``incoming/<id>/`` what is not yet whole, ``uploads/<id>/`` uploads that
    can go on, ``trash/<id>/`` what was deleted and is about to go, ``lost/`` what nobody knows, ``backups/`` databases
    of earlier versions, ``tmp/`` temporary files, and ``reserve`` room for deleting on a full disk.
    A folder is filled in ``incoming`` and renamed into its place in one step, so that nobody ever reads half a study
    or half a mask.

    Raises:
        OSError: from the constructor, the data folder cannot be made.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.studies = data_dir / "studies"
        self.incoming = data_dir / "incoming"
        self.trash = data_dir / "trash"
        self.lost = data_dir / "lost"
        self.uploads = data_dir / "uploads"
        self.temporary = data_dir / "tmp"
        self._reserve = data_dir / "reserve"
        self._lock: IO[str] | None = None
        for folder in (self.studies, self.incoming):
            folder.mkdir(parents=True, exist_ok=True)

    def study(self, study_id: str) -> Path:
        """Folder of a study's files."""
        return self.studies / study_id

    def mask(self, mask: Mask) -> Path:
        """Folder of a mask's files: ``mask.nii.gz``, ``volume.bin.gz``, ``<label>.stl``."""
        return self.study(mask.study_id) / "masks" / mask.id

    def stage(self) -> Path:
        """Make a fresh folder under ``incoming``; its name is a new id."""
        folder = self.incoming / new_id()
        folder.mkdir()
        return folder

    def discard(self, folder: Path) -> None:
        """Rename the folder of a study or a mask into ``trash``; it survives there until ``empty_trash``."""
        self.trash.mkdir(exist_ok=True)
        rename_durably(folder, self.trash / folder.name)

    def restore(self, study_id: str) -> None:
        """Undo ``discard``, if it happened."""
        if (self.trash / study_id).exists():
            rename_durably(self.trash / study_id, self.study(study_id))

    def restore_to(self, folder: Path) -> None:
        """Undo ``discard`` of this folder, if it happened."""
        if (self.trash / folder.name).exists():
            rename_durably(self.trash / folder.name, folder)

    def discarded(self) -> list[str]:
        """Ids of the studies and masks whose folders were discarded and not removed yet."""
        return [folder.name for folder in self.trash.iterdir()] if self.trash.is_dir() else []

    def empty_trash(self, study_id: str) -> None:
        """Remove what ``discard`` put there."""
        shutil.rmtree(self.trash / study_id, ignore_errors=True)

    def keep_reserve(self) -> None:
        """Set aside a little of the disk, without which a full one could not even take a deletion."""
        try:
            if not self._reserve.is_file() or self._reserve.stat().st_size < RESERVE_BYTES:
                self._reserve.write_bytes(bytes(RESERVE_BYTES))
        except OSError:
            self._reserve.unlink(missing_ok=True)  # half of it would help nobody

    def use_reserve(self) -> bool:
        """Give the reserve back to the disk; False if there is none."""
        try:
            self._reserve.unlink()
        except FileNotFoundError:
            return False
        return True

    def check_rows_are(self, kind: Literal["sqlite", "postgresql"]) -> None:
        """Check that the rows of these studies are not in the other kind of database.

        Raises:
            BadConfiguration: they are.
        """
        if kind == "sqlite" and (self.data_dir / ELSEWHERE_FILE).exists():
            raise BadConfiguration("store.rows_in_postgresql", folder=self.data_dir)
        if kind == "postgresql" and (self.data_dir / DATABASE_FILE).exists():
            raise BadConfiguration("store.rows_in_sqlite", folder=self.data_dir)

    def note_rows_are_elsewhere(self) -> None:
        """Write down that PostgreSQL holds the rows of these studies."""
        (self.data_dir / ELSEWHERE_FILE).touch()

    def note_rows_are_here(self) -> None:
        """Undo ``note_rows_are_elsewhere``."""
        (self.data_dir / ELSEWHERE_FILE).unlink(missing_ok=True)

    @contextmanager
    def held(self, timeout_s: float) -> Iterator[None]:
        """Hold the data folder for a while, if this process does not hold it already."""
        if self._lock is not None:
            yield
            return
        self.hold(timeout_s)
        try:
            yield
        finally:
            self.release()

    def hold(self, timeout_s: float) -> None:
        """Take the data folder for this process alone: two queues on one store would run each job twice.

        Raises:
            BadConfiguration: another server still has it after ``timeout_s``.
            OSError: the folder cannot be written.
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


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a temporary folder, in memory while the disk is nearly full, and remove it afterwards."""
    is_full = shutil.disk_usage(tempfile.gettempdir()).free < _ENOUGH_BYTES and _MEMORY.is_dir()
    with tempfile.TemporaryDirectory(prefix="spineview-", dir=_MEMORY if is_full else None) as folder:
        yield Path(folder)
