"""Group images to series: one a SeriesInstanceUID, split where one holds what cannot be one volume."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from segmentation.core.errors import BadGeometry, InputError, NotAVolume, NotCT
from segmentation.core.messages import Message
from segmentation.core.notes import Note, note
from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.layout import SAME_PLACE_MM, Layout, distances, lay_out
from segmentation.readers.imagefile import check_extent, check_size
from segmentation.readers.limits import ReadLimits

_PARALLEL = 0.9998  # cosine of about one degree
# What may tell apart pictures that are no volume together, in the order in which it is tried.
_APART: tuple[Callable[[Frame], Hashable], ...] = (
    lambda frame: frame.acquisition,
    lambda frame: frame.temporal,
    lambda frame: frame.stack,
    lambda frame: frame.kernel,
    lambda frame: frame.image_type,
)
MODALITIES = {
    modality: Message(f"modality.{modality}")
    for modality in (
        *("MR", "PT", "NM", "US", "CR", "DX", "RF", "XA", "MG", "OT", "SC", "SR", "SEG", "RTSTRUCT", "RTDOSE"),
        *("RTPLAN", "PR", "KO", "DOC", "REG"),
    )
}


@dataclass(frozen=True, eq=False)
class Series:
    """Frames that belong together, and whether they make a volume.

    Attributes:
        key: SeriesInstanceUID, with ``#2`` … for the parts of one that was split.
        frames: All of it, in the order of position where there is one.
        layout: How they make a volume; None if they do not.
        problem: Why they do not.
        notes: What was unusual.
    """

    key: str
    frames: tuple[Frame, ...]
    layout: Layout | None
    problem: InputError | None
    notes: tuple[Note, ...]

    @property
    def title(self) -> Message:
        """Name of the series in a sentence."""
        return title_of(self.frames[0].series_number)


def title_of(series_number: int) -> Message:
    """Name a series in a sentence: by its number, never by free text, which can hold a patient's name."""
    return Message.of("series_title.numbered", number=series_number) if series_number else Message("series_title.plain")


def group(frames: Iterable[Frame], limits: ReadLimits) -> list[Series]:
    """Group frames to series, by number; copies of an instance (same UID) are left out and counted."""
    by_uid: dict[str, list[Frame]] = defaultdict(list)
    seen: set[tuple[str, int]] = set()
    copies: dict[str, int] = defaultdict(int)
    for frame in frames:
        identity = (frame.sop_uid, frame.index)
        if frame.sop_uid and identity in seen:
            copies[frame.series_uid] += 1
            continue
        seen.add(identity)
        by_uid[frame.series_uid].append(frame)
    found = [series for uid, own in by_uid.items() for series in _parts(uid, own, copies[uid], limits)]
    return sorted(found, key=lambda series: (series.frames[0].series_number, series.key))


def _parts(uid: str, frames: list[Frame], copies: int, limits: ReadLimits) -> list[Series]:
    parts = [part for alike in _alike(frames) for part in _apart(alike)]
    parts.sort(key=lambda part: (-len(part), part[0].instance_number))
    return [_part(uid, frames, (number, len(parts)), copies, limits) for number, frames in enumerate(parts, 1)]


def _part(uid: str, frames: list[Frame], part: tuple[int, int], copies: int, limits: ReadLimits) -> Series:
    """Make one series; ``part`` says which of how many it is of those with the same UID."""
    number, count = part
    notes = [note("split", count=count), note("part", part=number, count=count)] if count > 1 else []
    if copies:
        notes.append(note("duplicates", count=copies))
    return _judged(uid if number == 1 else f"{uid}#{number}", frames, tuple(notes), limits)


def _judged(key: str, frames: list[Frame], notes: tuple[Note, ...], limits: ReadLimits) -> Series:
    notes += _remarks(frames)
    name = title_of(frames[0].series_number)
    try:
        _check_kind(frames, name)
        layout = lay_out(frames, name)
        check_size(layout.grid.shape, 2, limits, name)
        check_extent(layout.grid, limits, name)
    except InputError as error:
        return Series(key, tuple(frames), None, error, notes)
    if layout.duplicates:
        notes += (note("duplicates", count=len(layout.duplicates)),)
    duplicates = tuple(frame for _, frame in layout.duplicates)
    return Series(key, layout.frames + duplicates, layout, None, notes + layout.notes)


def _remarks(frames: list[Frame]) -> tuple[Note, ...]:
    bare = len({frame.path for frame in frames if not frame.preamble})
    notes = [note("no_preamble", count=bare)] if bare else []
    if any(frame.burned_in for frame in frames):
        notes.append(note("burned_in"))
    if any(frame.lossy for frame in frames):
        notes.append(note("lossy"))
    return tuple(notes)


def _check_kind(frames: list[Frame], name: Message) -> None:
    """Raise NotCT, NotAVolume or BadGeometry for what cannot be a CT volume."""
    first = frames[0]
    if not first.kind:
        raise NotCT("dicom.no_modality", name=name)
    if first.kind != "CT":
        words = MODALITIES.get(first.kind, Message("modality.other"))
        raise NotCT("dicom.not_ct", name=name, words=words, modality=first.kind)
    if not first.rows:
        raise NotAVolume("dicom.no_images", name=name)
    if "LOCALIZER" in first.image_type:
        raise NotAVolume("dicom.localizer", name=name)
    if first.samples != 1:
        raise NotAVolume("dicom.colour", name=name)
    if first.inverted or first.bits_allocated not in (8, 16, 32):
        raise NotAVolume("dicom.odd_pictures", name=name)
    if not all(frame.has_geometry for frame in frames):
        raise BadGeometry("dicom.no_geometry", name=name)


def _alike(frames: list[Frame]) -> list[list[Frame]]:
    """Split by size, pixel spacing, orientation and localizer."""
    groups: list[list[Frame]] = []
    for frame in frames:
        home = next((g for g in groups if _fits(g[0], frame)), None)
        if home is None:
            groups.append([frame])
        else:
            home.append(frame)
    return groups


def _fits(one: Frame, other: Frame) -> bool:
    shape = (one.rows, one.columns, one.samples, one.modality, one.sop_class, one.has_geometry)
    if shape != (other.rows, other.columns, other.samples, other.modality, other.sop_class, other.has_geometry):
        return False
    if ("LOCALIZER" in one.image_type) != ("LOCALIZER" in other.image_type):
        return False
    if not one.has_geometry:
        return True
    axes = ((one.row_axis, other.row_axis), (one.column_axis, other.column_axis))
    parallel = all(np.dot(a or (), b or ()) > _PARALLEL for a, b in axes)
    return parallel and np.allclose(one.spacing_mm or (), other.spacing_mm or (), rtol=1e-3)


def _apart(frames: list[Frame]) -> list[list[Frame]]:
    """Split what holds different pictures at one place, or makes no volume as a whole, if the header tells it apart."""
    if not frames[0].has_geometry:
        return [frames]
    if _conflicts(frames):
        fits = _without_conflicts
    elif len(frames) > 1 and not _makes_a_volume(frames):
        fits = _makes_a_volume
    else:
        return [frames]
    for key in _APART:
        parts: dict[Hashable, list[Frame]] = defaultdict(list)
        for frame in frames:
            parts[key(frame)].append(frame)
        if len(parts) > 1 and all(len(part) > 1 and fits(part) for part in parts.values()):
            return list(parts.values())
    return [frames]


def _makes_a_volume(frames: Sequence[Frame]) -> bool:
    try:
        lay_out(frames, title_of(0))
    except InputError:
        return False
    return True


def _without_conflicts(frames: Sequence[Frame]) -> bool:
    return not _conflicts(frames)


def _conflicts(frames: Sequence[Frame]) -> bool:
    along = np.sort(distances(frames))
    return bool((np.diff(along) < SAME_PLACE_MM).any())
