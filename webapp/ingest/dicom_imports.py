"""DICOM imports: files that wait for a user's choice of a series, and the study that is made of it.

``incoming/<id>/`` holds ``files/`` (numbered, as uploaded), ``unpacked/`` (of zips), ``thumbnails/`` and
``listing.json``. All of it goes with the choice, with a refusal, after two hours by a timer, and at a start.
One scan of another format in a zip, or as a header and its voxels, is listed like a series.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from segmentation.core.atomic import write_atomically
from segmentation.core.errors import InputError
from segmentation.readers import DEFAULT_LIMITS
from segmentation.readers.dicom.listing import Entry, Listing, listing_from_json, listing_to_json
from segmentation.readers.dicom.reader import choose, keep_files, list_series
from segmentation.readers.imagefile import check_extent
from segmentation.readers.read import open_image
from webapp.http.errors import not_found
from webapp.ingest.admission import Admission, Upload, stored_name
from webapp.settings import Settings
from webapp.storage.dicom.files import DICOM_FOLDER
from webapp.storage.store import Store
from webapp.storage.tables import Study

FILES_FOLDER, THUMBNAILS, LISTING = "files", "thumbnails", "listing.json"
EXPIRES_S = 2 * 3600
_SECRET_FILE = "deidentify.key"  # noqa: S105 - the name of its file
_ID = re.compile(r"[0-9a-f]{20}")
_OF_THE_STUDY = {"truncated", "dicomdir"}  # notes on the files as a whole that concern any series of them


@dataclass(frozen=True, eq=False)
class Import:
    """Files that were uploaded and wait.

    Attributes:
        id: Random; name of the folder.
        folder: Where everything of it lies.
        listing: What can be chosen.
        keep_identity: Whether the study's files will keep names and dates.
    """

    id: str
    folder: Path
    listing: Listing
    keep_identity: bool

    def thumbnail(self, number: int) -> Path:
        """Return the picture of series ``number`` of the listing. Raises WebError: 404."""
        if not 0 <= number < len(self.listing.series) or not self.listing.series[number].thumbnail:
            raise not_found("picture")
        return self.folder / THUMBNAILS / self.listing.series[number].thumbnail


class Imports:
    """List what was uploaded, and make a study of the series that is chosen. Safe to use from any thread."""

    def __init__(self, store: Store, admission: Admission, settings: Settings) -> None:
        self._store, self._admission, self._settings = store, admission, settings

    def open(self, folder: Path, names: Mapping[str, str] | None = None) -> Import:
        """List the files under ``folder/files``; the folder, made by ``store.stage()``, now belongs to the import.

        Args:
            folder: As said.
            names: What the user called the files, by their names there: a scan of several files is found by them.

        Raises:
            InputError: there is no scan in them, or they were refused as a whole.
        """
        listing = self._list(folder, folder / FILES_FOLDER, names)
        if listing.other:
            listing = Listing((_entry_of(Path(listing.other)),), (), listing.other)
        write_atomically(folder / LISTING, json.dumps(listing_to_json(listing)))
        return Import(folder.name, folder, listing, self._settings.keep_identity)

    def get(self, import_id: str) -> Import:
        """One that waits. Raises WebError: 404."""
        if not _ID.fullmatch(import_id):
            raise not_found("upload")
        folder = self._store.incoming(import_id)
        if _is_expired(folder / LISTING):
            raise not_found("upload")
        try:
            listing = listing_from_json(json.loads((folder / LISTING).read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise not_found("upload") from error
        return Import(import_id, folder, listing, self._settings.keep_identity)

    def choose(self, import_id: str, series: str, who: str, alias: str = "", group: str | None = None) -> Study:
        """Make a study of a series (its key; empty for the proposed one); the import is gone then.

        Raises:
            WebError: 404, there is no such upload.
            InputError: the series cannot be used; the import stays, for another choice.
        """
        waiting = self.get(import_id)
        study = self._admit(waiting.listing, series, who, alias, group)
        self.discard(import_id)
        return study

    def admit_folder(self, folder: Path, who: str) -> str:
        """Make a study of the proposed series of a folder's files, which stay there; answers the study's id.

        Raises:
            InputError: none of it can be used.
        """
        staged = self._store.stage()
        try:
            return self._admit(self._list(staged, folder), "", who).id
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def discard(self, import_id: str) -> None:
        """Remove an upload that waits. Raises WebError: 404."""
        shutil.rmtree(self.get(import_id).folder, ignore_errors=True)

    def _list(self, workspace: Path, files: Path, names: Mapping[str, str] | None = None) -> Listing:
        """List ``files``, a folder; a single zip in it is unpacked into ``workspace``."""
        (workspace / THUMBNAILS).mkdir()
        unpacked = workspace / "unpacked"
        unpacked.mkdir()
        inside = list(files.iterdir())
        room = shutil.disk_usage(self._settings.data_dir).free - self._settings.min_free_bytes
        with self._admission.read_slots.taken():
            return list_series(
                inside[0] if len(inside) == 1 else files,
                DEFAULT_LIMITS,
                unpack_into=unpacked,
                thumbnails=workspace / THUMBNAILS,
                renamed=True,
                unpack_bytes=max(0, min(DEFAULT_LIMITS.max_unpacked_bytes, room)),
                names=names,
            )

    def _admit(self, listing: Listing, series: str, who: str, alias: str = "", group: str | None = None) -> Study:
        entry = choose(listing, series)
        if listing.other:
            return self._admit_other(Path(listing.other), entry, who, alias, group)
        staged = self._store.stage()
        try:
            (staged / DICOM_FOLDER).mkdir()
            secret = None if self._settings.keep_identity else self._secret()
            with self._admission.read_slots.taken():
                keep_files(entry, staged / DICOM_FOLDER, secret, DEFAULT_LIMITS)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        notes = [each for each in listing.notes if each.code in _OF_THE_STUDY]
        marks = (*notes, *entry.notes)
        upload = Upload(staged, _name(entry), DICOM_FOLDER, notes=marks, alias=alias, group=group)
        return self._admission.admit(upload, who)

    def _admit_other(self, scan: Path, entry: Entry, who: str, alias: str, group: str | None) -> Study:
        """Make a study of a scan that is no DICOM, which stays where it is until the import is gone."""
        staged = self._store.stage()
        original = stored_name("original", scan.name)
        os.link(scan, staged / original)
        return self._admission.admit(Upload(staged, entry.description, original, alias=alias, group=group), who)

    def _secret(self) -> bytes:
        """Read this server's secret, of which clean UIDs and pseudonyms are made; it is written once."""
        path = self._store.data_dir / _SECRET_FILE
        beside = path.with_name(f".{_SECRET_FILE}.{secrets.token_hex(4)}")
        if not path.exists():
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
            with suppress(FileExistsError):  # another thread was first
                os.link(beside, path)
            beside.unlink()
        return path.read_bytes()

    def expire(self) -> None:
        """Remove what has waited too long: its files can name a patient."""
        for listing in self._store.incoming("").glob(f"*/{LISTING}"):
            if _is_expired(listing):
                shutil.rmtree(listing.parent, ignore_errors=True)


def _entry_of(scan: Path) -> Entry:
    """Describe a scan that is no DICOM as the one entry of a listing, with the reason if it would be refused."""
    problem: InputError | None = None
    image = None
    try:
        image = open_image(scan)
        check_extent(image.grid, DEFAULT_LIMITS, image.name)
    except InputError as error:
        problem = error
    shape = image.grid.shape if image else (0, 0, 0)
    return Entry(
        key="scan",
        number=0,
        description=image.format if image else "",
        modality="CT",
        kernel="",
        plane="",
        images=shape[2],
        size=shape[:2],
        grid=image.grid if image else None,
        stored_type=str(image.stored_type) if image else "",
        problem=problem,
        notes=image.notes if image else (),
        reasons=(),
        proposed=problem is None,
        frames=(),
        thumbnail="",
    )


def _is_expired(listing: Path) -> bool:
    with suppress(FileNotFoundError):
        return time.time() - listing.stat().st_mtime > EXPIRES_S
    return False


def _name(entry: Entry) -> str:
    """Name the study in technical words alone, since a description can hold a patient's name."""
    spacing = f", {entry.grid.spacing_mm[2]:.3g} mm" if entry.grid else ""
    kernel = f", {entry.kernel}" if entry.kernel else ""
    return f"{entry.title}: {entry.images} images{spacing}{kernel}"
