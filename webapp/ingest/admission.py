"""Admission of uploads to the store: each is read once, whole, and becomes a study or leaves nothing behind."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from segmentation.core.errors import GridMismatch, InputError, UnsupportedFormat
from segmentation.core.geometry import Grid
from segmentation.core.messages import Message, Name
from segmentation.core.notes import Note
from segmentation.core.volume import LabelMap
from segmentation.readers import DEFAULT_LIMITS, DETACHED_SUFFIXES, SUFFIXES, read_label_map, read_volume
from segmentation.readers.several_files import find_scan, join
from webapp.display.volume_files import write_display
from webapp.ingest.read_slots import ReadSlots
from webapp.ingest.thumbnail import write_thumbnail
from webapp.storage.database import new_id
from webapp.storage.dicom.files import DICOM_FOLDER
from webapp.storage.folders import THUMBNAIL_FILE
from webapp.storage.mask_files import write_mask
from webapp.storage.store import Store
from webapp.storage.studies import file_version
from webapp.storage.tables import Mask, Study

_NAME_LENGTH = 120


@dataclass(frozen=True)
class Upload:
    """Files of one upload, already on disk in ``folder`` of the store's incoming.

    Attributes:
        folder: Its name becomes the study's id.
        name: What the user called the CT: shown, never used as a path.
        original: File name inside the folder, made by ``stored_name``.
        reference: The same for the reference mask, or None.
        notes: What was unusual in the files and was repaired or let pass; more may be found when they are read.
        alias: What the study shall be called, as the user gave it; "" where they gave none.
        group: Whose the study shall be.
        parts: Names of the CT's files in the folder where it came as several, a header and its voxels, by the names
            that the user gave them; ``original`` is then the header's. They become one file.
    """

    folder: Path
    name: str
    original: str
    reference: str | None = None
    notes: tuple[Note, ...] = ()
    alias: str = ""
    group: str | None = None
    parts: Mapping[str, str] = field(default_factory=dict)


def suffix_of(name: str) -> str:
    """Return the known suffix of a file name.

    Raises:
        UnsupportedFormat: there is none.
    """
    lowered = name.lower()
    for suffix in SUFFIXES:
        if lowered.endswith(suffix):
            return suffix
    if lowered.endswith(DETACHED_SUFFIXES):
        raise UnsupportedFormat("upload.detached", name=shown_name(name))
    raise UnsupportedFormat("upload.unknown_type", name=shown_name(name), suffixes=SUFFIXES)


def stored_name(stem: str, name: str) -> str:
    """``stem`` with the suffix of the user's file: the only part of their name that reaches the disk."""
    return stem + suffix_of(name)


def shown_name(name: str) -> str:
    """Return a user's file name without folders or control characters, of bounded length."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(char for char in last if char.isprintable()).strip()
    return printable[:_NAME_LENGTH] or "unnamed"


def shown_alias(alias: str) -> str:
    """Return an alias in one line without control characters, of bounded length; "" if nothing is left."""
    return " ".join("".join(char for char in alias if char.isprintable() or char.isspace()).split())[:_NAME_LENGTH]


class Admission:
    """Turn uploads into studies, only a few at a time: a CT fills much memory while it is read.

    Attributes:
        read_slots: Whoever reads what was uploaded takes one.

    Args:
        keep_names: Whether a study without an alias is called by its file, whose name may be a patient's.
    """

    def __init__(self, store: Store, readers: int, keep_names: bool = True) -> None:
        self._store = store
        self._keep_names = keep_names
        self.read_slots = ReadSlots(readers)

    def admit(self, upload: Upload, who: str) -> Study:
        """Read and check an upload, write what the pages need, add the study. Blocks; call it in a thread.

        Raises:
            InputError: the upload is refused; its folder is gone.
        """
        try:
            with self.read_slots.taken():
                upload = _joined(upload)
                study, mask = self._prepare(upload)
                self._store.studies.add(study, upload.folder, mask)
        except InputError as error:
            raise _in_user_words(error, upload) from error
        finally:
            if upload.folder.exists():  # a study's folder has moved to its place
                shutil.rmtree(upload.folder, ignore_errors=True)
        self._store.audit.record(who, "upload", study.id)
        return study

    def admit_demo(self, who: str, title: str, group: str | None = None) -> Study:
        """Make the synthetic spine of known geometry, with its reference, and add it as a study called ``title``."""
        from segmentation.phantom import PhantomSpec, write_phantom

        folder = self._store.stage()
        try:
            write_phantom(folder, PhantomSpec(lifelike=True))
            (folder / "ct.nii.gz").rename(folder / "original.nii.gz")
            (folder / "vert.nii.gz").rename(folder / "reference.nii.gz")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        upload = Upload(folder, title, "original.nii.gz", "reference.nii.gz", alias=title, group=group)
        return self.admit(upload, who)

    def _prepare(self, upload: Upload) -> tuple[Study, Mask | None]:
        folder = upload.folder
        size_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        volume = read_volume(folder / upload.original)
        reference = _read_reference(folder / upload.reference, volume.grid) if upload.reference else None
        write_display(volume, folder)
        write_thumbnail(volume, folder / THUMBNAIL_FILE)
        mask = None
        if reference is not None:
            mask_folder = folder / "masks" / new_id()
            mask_folder.mkdir(parents=True)
            mask = write_mask(reference, volume, mask_folder, folder.name, "reference")
        study = Study(
            id=folder.name,
            name=shown_alias(upload.alias) or self._name(upload),
            created_at=datetime.now(UTC),
            shape=volume.grid.shape,
            spacing_mm=volume.grid.spacing_mm,
            orientation=volume.grid.orientation,
            size_bytes=size_bytes,
            has_reference=mask is not None,
            original=upload.original,
            reference=upload.reference,
            notes=tuple(dict.fromkeys((*upload.notes, *volume.notes, *(reference.notes if reference else ())))),
            thumbnail=file_version(folder / THUMBNAIL_FILE),
            group=upload.group,
        )
        return study, mask

    def _name(self, upload: Upload) -> str:
        """Name a study without an alias; a DICOM series has a name of technical words."""
        if self._keep_names or upload.original == DICOM_FOLDER:
            return shown_name(upload.name)
        return f"CT {datetime.now(UTC):%Y-%m-%d} {upload.folder.name[:4].upper()}"


def _joined(upload: Upload) -> Upload:
    """Make one file of a scan that came as several.

    Raises:
        UnsupportedFormat: there is no header among them.
        InputError: they cannot be joined.
    """
    if not upload.parts:
        return upload
    files = {name: upload.folder / stored for name, stored in upload.parts.items()}
    scan = find_scan(files)
    if not scan:
        raise UnsupportedFormat("upload.detached", name=shown_name(next(iter(files))))
    whole = join(files, scan, upload.folder, DEFAULT_LIMITS)
    for path in files.values():
        path.unlink()
    original = whole.rename(whole.with_name(whole.name.replace("scan", "original", 1))).name
    return replace(upload, name=shown_name(scan), original=original, parts={})


def _in_user_words(error: InputError, upload: Upload) -> InputError:
    """Make the same refusal with the names that the user gave in place of those on the server's disk."""
    names: dict[str, Name] = {}
    if upload.original != DICOM_FOLDER:  # a DICOM series is called by its number
        names[upload.original] = shown_name(upload.name)
    if upload.reference:
        names[upload.reference] = Message("upload.reference_mask")
    return error.with_message(error.problem.message.replaced(names))


def _read_reference(path: Path, grid: Grid) -> LabelMap:
    reference = read_label_map(path)
    if not reference.grid.matches(grid):
        raise GridMismatch("upload.reference_grid", reference=_described(reference.grid), ct=_described(grid))
    return reference


def _described(grid: Grid) -> Message:
    shape, spacing = grid.shape, grid.spacing_mm
    return Message.of("grid.described", shape=shape, spacing=spacing, orientation=grid.orientation)
