"""List the series of a set of files: whether each can be segmented, and which one is proposed.

``make_listing`` runs in the limited process; a ``Listing`` crosses from there, and into files, as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segmentation.core.errors import InputError
from segmentation.core.geometry import Grid
from segmentation.core.messages import Message
from segmentation.core.notes import Note, note
from segmentation.readers.dicom.find_files import Found, leave_foreign
from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.group_series import Series, group, title_of
from segmentation.readers.dicom.propose import assess, plane, propose
from segmentation.readers.limits import ReadLimits


@dataclass(frozen=True, eq=False)
class Entry:
    """One series of a listing. Texts are the header's: hostile, escape them.

    Attributes:
        key: SeriesInstanceUID, with ``#2`` … for further parts of one that was split.
        number, description, modality, kernel: As in the header.
        plane: ``"axial"``, ``"coronal"``, ``"sagittal"``, ``"oblique"`` or empty.
        images: How many frames.
        size: Columns and rows.
        grid: Of the volume that it makes, RAS+ mm; None if it makes none.
        stored_type: ``"int16"`` or ``"float32"``, of the volume.
        problem: Why it makes none.
        notes: What was repaired or let pass.
        reasons: What speaks for and against segmenting it.
        proposed: Whether it is the one to segment.
        frames: File and frame number of each image, by position.
        thumbnail: Name of its picture in the folder of thumbnails, or empty.
    """

    key: str
    number: int
    description: str
    modality: str
    kernel: str
    plane: str
    images: int
    size: tuple[int, int]
    grid: Grid | None
    stored_type: str
    problem: InputError | None
    notes: tuple[Note, ...]
    reasons: tuple[Note, ...]
    proposed: bool
    frames: tuple[tuple[str, int], ...]
    thumbnail: str

    @property
    def title(self) -> Message:
        """Name of the series in a sentence."""
        return title_of(self.number)


@dataclass(frozen=True, eq=False)
class Listing:
    """All series by number, and ``notes`` on the files as a whole.

    Attributes:
        series, notes: As said.
        other: Where there is no series, the file of the one scan that is no DICOM, if there is one.
    """

    series: tuple[Entry, ...]
    notes: tuple[Note, ...]
    other: str = ""

    @property
    def proposed(self) -> Entry | None:
        """Series to segment unless someone chooses another; None if none can be."""
        return next((entry for entry in self.series if entry.proposed), None)


def make_listing(found: Found, limits: ReadLimits, thumbnails: Path | None = None) -> Listing:
    """Read the headers of all files; write a small picture of each CT series into ``thumbnails``."""
    # These import pydicom, which those who only read a listing do not need.
    from segmentation.readers.dicom.dicomdir import missing_instances
    from segmentation.readers.dicom.headers import Damaged, NotDicom, read_frames
    from segmentation.readers.dicom.thumbnail import write_thumbnail

    frames: list[Frame] = []
    directories: list[Path] = []
    for path in found.files:
        try:
            frames += read_frames(path)
        except NotDicom:
            if path.name.lower() == "dicomdir" or found.renamed:
                directories.append(path)
            leave_foreign(path, found)
        except Damaged:
            found.leave("truncated")
    listed, missing = missing_instances(directories, {frame.sop_uid for frame in frames})
    if listed:
        found.left_out["not_images"] = found.left_out.get("not_images", 0) - len(directories)
    notes = [each for each in found.notes if ("count", "0") not in each.values]
    if missing:
        notes.append(note("dicomdir", listed=listed, missing=missing))
    series = group(frames, limits)
    verdicts = [assess(each) for each in series]
    best = propose(verdicts)
    entries = []
    for number, (each, verdict) in enumerate(zip(series, verdicts, strict=True)):
        picture = "" if thumbnails is None else write_thumbnail(each, thumbnails / f"{number}.png")
        entries.append(_entry(each, verdict.reasons, number == best, picture))
    return Listing(tuple(entries), tuple(notes))


def _entry(series: Series, reasons: tuple[Note, ...], proposed: bool, picture: str) -> Entry:
    first = series.frames[0]
    return Entry(
        key=series.key,
        number=first.series_number,
        description=first.description,
        modality=first.modality,
        kernel=first.kernel,
        plane=plane(first),
        images=len(series.frames) if first.rows else 0,
        size=(first.columns, first.rows),
        grid=None if series.layout is None else series.layout.grid,
        stored_type="int16" if all(frame.integer_hu for frame in series.frames) else "float32",
        problem=series.problem,
        notes=series.notes,
        reasons=reasons,
        proposed=proposed,
        frames=tuple((str(frame.path), frame.index) for frame in series.frames),
        thumbnail=picture,
    )


def listing_to_json(listing: Listing) -> dict[str, Any]:
    """Convert a listing to plain values, for a file."""
    return {
        "series": [_entry_to_json(entry) for entry in listing.series],
        "notes": [each.to_json() for each in listing.notes],
        "other": listing.other,
    }


def listing_from_json(content: dict[str, Any]) -> Listing:
    """Restore what ``listing_to_json`` made."""
    entries = tuple(_entry_from_json(each) for each in content["series"])
    return Listing(entries, tuple(map(Note.from_json, content["notes"])), content.get("other", ""))


_PLAIN = [
    "key",
    "number",
    "description",
    "modality",
    "kernel",
    "plane",
    "images",
    "stored_type",
    "proposed",
    "thumbnail",
]


def _entry_to_json(entry: Entry) -> dict[str, Any]:
    return {
        **{name: getattr(entry, name) for name in _PLAIN},
        "size": list(entry.size),
        "shape": None if entry.grid is None else list(entry.grid.shape),
        "affine": None if entry.grid is None else entry.grid.affine.tolist(),
        "problem": None if entry.problem is None else entry.problem.to_json(),
        "notes": [each.to_json() for each in entry.notes],
        "reasons": [each.to_json() for each in entry.reasons],
        "frames": [list(frame) for frame in entry.frames],
    }


def _entry_from_json(content: dict[str, Any]) -> Entry:
    shape, affine = content["shape"], content["affine"]
    return Entry(
        **{name: content[name] for name in _PLAIN},
        size=(content["size"][0], content["size"][1]),
        grid=None if shape is None else Grid((shape[0], shape[1], shape[2]), np.array(affine)),
        problem=None if content["problem"] is None else InputError.from_json(content["problem"]),
        notes=tuple(map(Note.from_json, content["notes"])),
        reasons=tuple(map(Note.from_json, content["reasons"])),
        frames=tuple((path, index) for path, index in content["frames"]),
    )
