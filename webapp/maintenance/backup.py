"""Back a data folder up while its server runs, and restore it: verified by SHA-256, only what is new is copied.

A backup folder holds ``objects/<2 digits>/<sha256>``, each content once, and ``snapshots/<time>.json``, which names the
files of one moment. A snapshot is written last: one that is there is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from segmentation.core.atomic import atomic_path, rename_durably, sync_tree, write_atomically
from segmentation.core.errors import BadConfiguration, InputError
from webapp.storage.database import DATABASE_FILE
from webapp.storage.folders import ELSEWHERE_FILE, Folders

FORM = 1
_PIECE = 1 << 20
_NOT_KEPT = (DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm", "server.lock", "reserve", ELSEWHERE_FILE)
_TRIES = 5


@dataclass(frozen=True)
class Entry:
    """One file of a snapshot: its content's hash and size, and its time, by which a later backup knows it again."""

    sha256: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Snapshot:
    """Files of one moment, by their path in the data folder; the database among them."""

    made_at: str
    files: dict[str, Entry]
    form: int = FORM
    copied_bytes: int = field(default=0)

    @property
    def studies(self) -> int:
        """How many studies it holds."""
        return len({path.split("/")[1] for path in self.files if path.startswith("studies/")})


def back_up(data_dir: Path, target: Path, database_url: str = "") -> tuple[str, Snapshot]:
    """Make a snapshot of a data folder, whose server may run; return its name and what it holds.

    Studies that are added while it is made are in it with their rows, or not at all. Rows that PostgreSQL holds, at
    ``database_url``, are in it as a file of SQLite.

    Raises:
        BadConfiguration: there is no database.
        InputError: studies come faster than they can be copied.
        OSError: the disk of the backup is full, or a folder cannot be used.
    """
    if not (data_dir / (ELSEWHERE_FILE if database_url else DATABASE_FILE)).is_file():
        raise BadConfiguration("backup.no_data", folder=data_dir)
    names = snapshots(target)
    keeper = _Keeper(data_dir, target, load(target, names[-1]).files if names else {}, database_url)
    keeper.keep_all()
    for _ in range(_TRIES):
        database, known = keeper.keep_database()
        missing = keeper.missing(known)
        if not missing:
            break
        for folder in missing:
            keeper.keep_folder(folder)
    else:
        raise InputError("backup.too_busy")
    files = {path: entry for path, entry in keeper.files.items() if _is_of(path, known)}
    made_at = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z"
    snapshot = Snapshot(made_at, {**files, DATABASE_FILE: database}, copied_bytes=keeper.copied_bytes)
    sync_tree(target / "objects")
    (target / "snapshots").mkdir(exist_ok=True)
    write_atomically(target / "snapshots" / f"{made_at}.json", json.dumps(asdict(snapshot)), durable=True)
    return made_at, snapshot


def snapshots(target: Path) -> list[str]:
    """Name the snapshots in a backup folder, oldest first."""
    return sorted(path.stem for path in (target / "snapshots").glob("*.json"))


def load(target: Path, name: str) -> Snapshot:
    """Read a snapshot.

    Raises:
        InputError: it cannot be read, or a later version made it.
    """
    try:
        found = json.loads((target / "snapshots" / f"{name}.json").read_text(encoding="utf-8"))
        files = {_safe(path): Entry(**entry) for path, entry in found["files"].items()}
        snapshot = Snapshot(found["made_at"], files, int(found["form"]), int(found["copied_bytes"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("backup.unreadable", name=name) from error
    if snapshot.form != FORM:
        raise InputError("backup.unreadable", name=name)
    return snapshot


def verify(target: Path, name: str) -> list[str]:
    """Read every file of a snapshot again; return the paths of those that are missing or damaged."""
    found = load(target, name).files
    return [path for path, entry in found.items() if not _is_sound(_object(target, entry.sha256), entry)]


def restore(target: Path, name: str, data_dir: Path) -> Snapshot:
    """Put a snapshot into a data folder that holds no studies; the server must not run.

    Every file is checked as it is copied, and nothing is put into its place before all of them are right.

    Raises:
        BadConfiguration: the data folder holds studies or a database, or a server uses it.
        InputError: a file of the backup is missing or damaged.
        OSError: the disk is full, or a folder cannot be used.
    """
    snapshot = load(target, name)
    folders = Folders(data_dir)
    with folders.held(0.0):
        there = any((data_dir / each).exists() for each in (DATABASE_FILE, ELSEWHERE_FILE))
        if there or any(folders.studies.iterdir()):
            raise BadConfiguration("backup.not_empty", folder=data_dir)
        staged = data_dir / "restoring"
        shutil.rmtree(staged, ignore_errors=True)
        try:
            for path, entry in snapshot.files.items():
                _fetch(_object(target, entry.sha256), staged / path, path, entry)
            sync_tree(staged)
            _put_in_place(staged, folders)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return snapshot


def prune(target: Path, keep: int) -> int:
    """Remove all but the newest ``keep`` snapshots, and what only they held; return how many went."""
    names = snapshots(target)
    gone = names[:-keep]
    for name in gone:
        (target / "snapshots" / f"{name}.json").unlink()
    used = {entry.sha256 for name in names[-keep:] for entry in load(target, name).files.values()}
    for path in (target / "objects").glob("??/*"):
        if path.name not in used:
            path.unlink()
    return len(gone)


class _Keeper:
    """Copies files into a backup, and remembers which."""

    def __init__(self, data_dir: Path, target: Path, before: dict[str, Entry], database_url: str) -> None:
        self._data_dir, self._target, self._before, self._database_url = data_dir, target, before, database_url
        self.files: dict[str, Entry] = {}
        self.copied_bytes = 0
        (target / "objects").mkdir(parents=True, exist_ok=True)

    def keep_all(self) -> None:
        for path in sorted(self._data_dir.iterdir()):
            if path.is_file() and not path.name.startswith(".") and path.name not in _NOT_KEPT:
                self._keep(path)
        for folder in sorted((self._data_dir / "studies").iterdir()):
            self.keep_folder(folder)

    def keep_folder(self, folder: Path) -> None:
        for path in sorted(_files(folder)):
            self._keep(path)

    def keep_database(self) -> tuple[Entry, set[str]]:
        """Copy the database as it is at one moment; return it, and the folders that its rows speak of."""
        copy = self._target / f".{DATABASE_FILE}.part"
        copy.unlink(missing_ok=True)
        try:
            copy_database(self._data_dir, self._database_url, copy)
            with closing(sqlite3.connect(copy)) as into:
                [[verdict]] = into.execute("PRAGMA quick_check(1)").fetchall()
                if verdict != "ok":
                    raise InputError("backup.damaged_database", folder=self._data_dir)
                known = {f"studies/{study}" for (study,) in into.execute("SELECT id FROM studies")}
                masks = into.execute("SELECT study_id, id FROM masks").fetchall()
            known |= {f"studies/{study}/masks/{mask}" for study, mask in masks}
            return self._copied(copy), known
        finally:
            copy.unlink(missing_ok=True)

    def missing(self, known: set[str]) -> list[Path]:
        """Folders with a row of which no file was copied yet, and which are there."""
        kept = {str(parent) for path in self.files for parent in Path(path).parents}
        return [self._data_dir / path for path in sorted(known - kept) if (self._data_dir / path).is_dir()]

    def _keep(self, path: Path) -> None:
        name = path.relative_to(self._data_dir).as_posix()
        with suppress(FileNotFoundError):  # deleted a moment ago
            found, before = path.stat(), self._before.get(name)
            known = before is not None and (before.size, before.mtime_ns) == (found.st_size, found.st_mtime_ns)
            if before is not None and known and _object(self._target, before.sha256).is_file():
                self.files[name] = before
            else:
                self.files[name] = self._copied(path)

    def _copied(self, path: Path) -> Entry:
        """Copy a file under the hash of its content, unless that is there."""
        mtime_ns = path.stat().st_mtime_ns
        partial = self._target / "objects" / ".part"
        digest, size = _copy(path, partial)
        place = _object(self._target, digest)
        if place.is_file() and place.stat().st_size == size:
            partial.unlink()
        else:
            place.parent.mkdir(exist_ok=True)
            os.replace(partial, place)
            self.copied_bytes += size
        return Entry(digest, size, mtime_ns)


def copy_database(data_dir: Path, database_url: str, copy: Path) -> None:
    """Write the database as it is at one moment into a new file of SQLite, whichever kind it is."""
    if database_url:
        from webapp.storage.postgresql.copy_rows import to_sqlite

        to_sqlite(database_url, copy)
        return
    with (
        closing(sqlite3.connect(data_dir / DATABASE_FILE, timeout=30)) as source,
        closing(sqlite3.connect(copy)) as into,
    ):
        source.backup(into)


def _put_in_place(staged: Path, folders: Folders) -> None:
    """Move studies and other files, and the database last: without it a start would take the studies up again."""
    if (staged / "studies").is_dir():
        for folder in (staged / "studies").iterdir():
            rename_durably(folder, folders.studies / folder.name)
    names = sorted((path.name for path in staged.iterdir() if path.is_file()), key=lambda name: name == DATABASE_FILE)
    for name in names:
        rename_durably(staged / name, folders.data_dir / name)


def _fetch(source: Path, path: Path, name: str, entry: Entry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        found = _copy(source, path)
    except FileNotFoundError as error:
        raise InputError("backup.damaged", name=name) from error
    if found != (entry.sha256, entry.size):
        raise InputError("backup.damaged", name=name)
    os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))


def _is_sound(path: Path, entry: Entry) -> bool:
    try:
        return _read(path, lambda _: None) == (entry.sha256, entry.size)
    except OSError:
        return False


def _copy(source: Path, target: Path) -> tuple[str, int]:
    with atomic_path(target) as partial, partial.open("xb") as file:
        return _read(source, file.write)


def _read(path: Path, take: Callable[[bytes], object]) -> tuple[str, int]:
    """Hash a file while its pieces are taken; return hash and size."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            take(piece)
    return digest.hexdigest(), size


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a study, but for those that are being written."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names if not name.startswith("."))


def _object(target: Path, sha256: str) -> Path:
    return target / "objects" / sha256[:2] / sha256


def _is_of(path: str, known: set[str]) -> bool:
    """Tell whether a file still belongs to a row: what was deleted meanwhile does not come back."""
    parts = path.split("/")
    if parts[0] != "studies":
        return True
    is_known = f"studies/{parts[1]}" in known
    return is_known and (len(parts) < 5 or parts[2] != "masks" or "/".join(parts[:4]) in known)


def _safe(path: str) -> str:
    """Refuse a path that leads out of the data folder. Raises ValueError."""
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(path)
    return path
