"""DICOM as one of the formats that can be read: a folder, a DICOMDIR, a zip or a multi-frame file to one volume."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segmentation.core.errors import InputError, NotAVolume, UnreadableFile
from segmentation.core.geometry import Grid
from segmentation.core.messages import chained
from segmentation.core.notes import Note
from segmentation.readers.dicom import sandbox
from segmentation.readers.dicom.find_files import DICOMDIR, is_zip
from segmentation.readers.dicom.listing import Entry, Listing, listing_from_json
from segmentation.readers.imagefile import ImageFile, Voxels
from segmentation.readers.limits import ReadLimits
from segmentation.readers.streams import kind_of


def is_dicom(path: Path) -> bool:
    """Tell whether this reader takes a path: a folder, a DICOMDIR, a zip, or a file with DICOM's mark or suffix."""
    if path.is_dir():
        return True
    if path.name.lower() == DICOMDIR or path.suffix.lower() in (".dcm", ".dicom", ".ima", ".zip"):
        return True
    if path.name.lower().endswith((".dcm.gz", ".dicom.gz", ".ima.gz")):
        return True
    return kind_of(path) == "DICOM"


def list_series(
    path: Path,
    limits: ReadLimits,
    unpack_into: Path | None = None,
    thumbnails: Path | None = None,
    renamed: bool = False,
    unpack_bytes: int | None = None,
    names: Mapping[str, str] | None = None,
) -> Listing:
    """List every series of ``path``, in a process of its own.

    Args:
        path: A folder, a DICOMDIR, a file or a zip.
        limits: Of sizes, and of that process.
        unpack_into: Where goes what is packed, as a zip or with gzip: an empty folder that stays as long as the listing
            is used. Without one, such files are left out.
        thumbnails: Folder for one small picture a series.
        renamed: The files' names are ours, not the scanner's: a DICOMDIR can have any.
        unpack_bytes: Most that a zip may unpack to; ``limits.max_unpacked_bytes`` unless given.
        names: What the user called files that have other names here: a scan of several files is known by them.

    Returns:
        Listing: of no series, with ``other``, where there is no DICOM image but one scan of another format.

    Raises:
        UnreadableFile: there is neither.
        InputError: it was refused as a whole; a refused series is an entry with a problem.
    """
    packed = path.is_file() and is_zip(path)
    if packed and unpack_into is None:
        raise ValueError("a zip needs a folder to be unpacked into")
    request = {
        "path": os.path.abspath(path),  # the process works in another folder
        "unpack_into": os.path.abspath(unpack_into) if unpack_into else "",
        "unpack_bytes": limits.max_unpacked_bytes if unpack_bytes is None else unpack_bytes,
        "thumbnails": os.path.abspath(thumbnails) if thumbnails else "",
        "renamed": renamed,
        "names": dict(names or {}),
    }
    listing = listing_from_json(sandbox.run("list", request, limits))
    if not listing.series and not listing.other:
        if not listing.notes:
            raise UnreadableFile("dicom.nothing_here")
        reasons = chained("join.sentences", [each.message for each in listing.notes])
        raise UnreadableFile("dicom.nothing_here_because", reasons=reasons)
    return listing


class _Unpacked:
    """Temporary folder that is removed with this object."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="spineview-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def open_dicom(
    path: Path, limits: ReadLimits, series: str = "", open_other: Callable[[Path], ImageFile] | None = None
) -> ImageFile:
    """Open the chosen series, or the proposed one; by ``open_other`` the one scan that is there instead of DICOM.

    Raises InputError as ``list_series`` does, and with the reason why no series can be read.
    """
    unpacked = _Unpacked()
    listing = list_series(path, limits, unpacked.folder)
    if listing.other and open_other is not None and not series:
        return _kept_with(open_other(Path(listing.other)), unpacked)
    entry = choose(listing, series)
    assert entry.grid is not None  # choose() sees to it

    def load() -> Voxels:
        _kept = unpacked  # its files stay as long as they may be read
        return load_voxels(entry, limits)

    count = f"{entry.images} image{'s' if entry.images != 1 else ''}"
    return ImageFile(
        name=entry.title,
        format=f"DICOM ({entry.modality}, {count})",
        grid=entry.grid,
        stored_type=np.dtype(entry.stored_type),
        load=load,
        notes=(*listing.notes, *entry.notes),
    )


def _kept_with(image: ImageFile, unpacked: _Unpacked) -> ImageFile:
    """Keep the unpacked files as long as the image may be read from them."""

    def load() -> Voxels:
        _kept = unpacked
        return image.load()

    return replace(image, load=load)


def choose(listing: Listing, series: str = "") -> Entry:
    """Choose the series with that key or number, else the proposed one.

    Raises:
        UnreadableFile: there is no DICOM image.
        InputError: there is no such series, or it makes no volume; if none does, the problem of the likeliest.
    """
    if not listing.series:
        raise UnreadableFile("dicom.nothing_here")
    if series:
        found = [entry for entry in listing.series if series in (entry.key, str(entry.number))]
        if not found:
            raise InputError("series_choice.none", series=series)
        if len(found) > 1:
            raise InputError("series_choice.ambiguous", series=series)
        chosen = found[0]
    else:
        chosen = listing.proposed or max(listing.series, key=lambda entry: entry.images)
    if chosen.problem is not None:
        raise chosen.problem
    if chosen.grid is None:
        raise NotAVolume("dicom.no_volume", name=chosen.title)
    return chosen


def load_voxels(entry: Entry, limits: ReadLimits) -> Voxels:
    """Read (I, J, K) HU of a series, int16 or float32, i fastest in memory. Raises InputError."""
    with tempfile.TemporaryDirectory(prefix="spineview-") as folder:
        out = Path(folder) / "voxels"
        request = {"frames": _frames(entry.frames), "out": str(out), "name": entry.title.to_json()}
        result = sandbox.run("load", request, limits)
        values = np.fromfile(out, dtype=result["dtype"])
    shape = result["shape"]
    grid = Grid((shape[0], shape[1], shape[2]), np.array(result["affine"]))
    notes = tuple(map(Note.from_json, result["notes"]))
    if not notes and (entry.grid is None or grid.shape != entry.grid.shape):
        raise UnreadableFile("dicom.files_changed")
    return Voxels(values.reshape(grid.shape, order="F"), grid, notes)


def keep_files(entry: Entry, into: Path, secret: bytes | None, limits: ReadLimits) -> int:
    """Write the series' files, by position, into a folder; de-identified if there is a ``secret``. Return how many."""
    request = {"frames": _frames(entry.frames), "into": os.path.abspath(into), "secret": secret.hex() if secret else ""}
    return int(sandbox.run("keep", request, limits)["count"])


def _frames(frames: Sequence[tuple[str, int]]) -> list[list[Any]]:
    return [[os.path.abspath(path), index] for path, index in frames]
