"""Group images to series: one a SeriesInstanceUID, split where one holds what cannot be one volume."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from segmentation.core.errors import BadGeometry, InputError, NotAVolume, NotCT, NotHounsfield, UnsupportedFormat
from segmentation.core.messages import Message
from segmentation.core.notes import Note, note
from segmentation.readers.dicom.frames.frame import Frame
from segmentation.readers.dicom.layout import SAME_PLACE_MM, Layout, distances, lay_out
from segmentation.readers.dicom.split.blocks import regular_blocks
from segmentation.readers.dicom.split.copies import without_copies
from segmentation.readers.dicom.split.identity import by_identity
from segmentation.readers.dicom.split.phases import by_any_attribute, by_header, by_order, by_turn
from segmentation.readers.dicom.split.slabs import are_slabs
from segmentation.readers.imagefile import check_extent, check_size
from segmentation.readers.limits import ReadLimits

_OTHER_UNITS = {"OD", "MGML", "Z_EFF", "ED", "EDW", "PCT"}  # of RescaleType (PS3.3, C.11.1.1.2)
_PARALLEL = 0.9998  # cosine of about one degree
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
    """Group frames to series, by number; copies of an image (same UID, place and pixels) are left out and counted."""
    distinct = without_copies(frames)
    by_uid: dict[str, list[Frame]] = defaultdict(list)
    for frame in distinct.frames:
        by_uid[frame.series_uid or f"series-{frame.series_number}"].append(frame)
    found: list[Series] = []
    for uid, own in by_uid.items():
        notes = []
        if copies := distinct.copies[own[0].series_uid]:
            notes.append(note("duplicates", count=copies))
        if repeated := distinct.repeated[own[0].series_uid]:
            notes.append(note("repeated_uid", count=repeated))
        found += _parts(uid, own, notes, limits)
    return sorted(found, key=lambda series: (series.frames[0].series_number, series.key))


def _parts(uid: str, frames: list[Frame], notes: list[Note], limits: ReadLimits) -> list[Series]:
    """Make the series of one UID. Each gets ``notes``, which are about all of them."""
    owners = by_identity(frames)
    parts = [part for own in owners for alike in _alike(own) for part in _apart(alike, limits)]
    parts.sort(key=lambda part: (-len(part.frames), part.frames[0].instance_number))
    about: list[Note] = []
    if len(owners) > 1:
        about.append(note("mixed", count=len(owners)))
    if len(parts) > len(owners) and not all(part.notes for part in parts):
        about.append(note("split", count=len(parts)))
    series = []
    for number, part in enumerate(parts, 1):
        which = [note("part", part=number, count=len(parts))] if len(parts) > 1 else []
        key = uid if number == 1 else f"{uid}#{number}"
        series.append(_judged(key, part.frames, (*about, *which, *part.notes, *notes), limits))
    return series


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
    if layout.duplicates and are_slabs(frames):
        notes += (note("slabs", count=len(layout.duplicates)),)
    elif layout.duplicates:
        notes += (note("duplicates", count=len(layout.duplicates)),)
    duplicates = tuple(frame for _, frame in layout.duplicates)
    return Series(key, layout.frames + duplicates, layout, None, notes + layout.notes)


def _remarks(frames: list[Frame]) -> tuple[Note, ...]:
    bare = len({frame.path for frame in frames if not frame.preamble})
    notes = [note("no_preamble", count=bare)] if bare else []
    if any(not frame.series_uid for frame in frames):
        notes.append(note("no_series_uid"))
    for attribute, found in (
        ("StudyInstanceUID", all(frame.study_uid for frame in frames)),
        ("FrameOfReferenceUID", all(frame.frame_of_reference for frame in frames)),
        ("SOPInstanceUID", all(frame.sop_uid for frame in frames)),
    ):
        if not found:  # said before a model works for minutes on what cannot be written afterwards
            notes.append(note("no_dicom_results", attribute=attribute))
    if any(frame.burned_in for frame in frames):
        notes.append(note("burned_in"))
    kept = next((frame.padding for frame in frames if frame.padding and frame.outside is None), None)
    if kept:
        notes.append(note("padding_kept", value=kept[0]))
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
    if first.samples != 1 or first.palette:
        raise NotAVolume("dicom.colour", name=name)
    if first.inverted or first.bits_allocated not in ((32, 64) if first.floating else (8, 16, 32)):
        raise NotAVolume("dicom.odd_pictures", name=name)
    _check_values(frames, name)
    if not all(frame.has_geometry for frame in frames):
        raise BadGeometry("dicom.no_geometry", name=name)


def _check_values(frames: list[Frame], name: Message) -> None:
    """Raise NotHounsfield or UnsupportedFormat where the header says that stored values cannot become HU."""
    for frame in frames:
        if frame.unit in _OTHER_UNITS:
            raise NotHounsfield("dicom.other_unit", name=name, unit=frame.unit)
        if not frame.convertible:
            raise NotHounsfield("dicom.no_conversion", name=name)
        if frame.bits_stored > frame.bits_allocated:
            bits = {"high": frame.high_bit, "stored": frame.bits_stored, "allocated": frame.bits_allocated}
            raise UnsupportedFormat("dicom.odd_bits", name=name, **bits)


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


@dataclass(frozen=True)
class _Part:
    """Frames that may make a volume, and notes on how they were told from others."""

    frames: list[Frame]
    notes: tuple[Note, ...] = ()


def _apart(frames: list[Frame], limits: ReadLimits) -> list[_Part]:
    """Split what holds different pictures at one place, or makes no volume as a whole, if the header tells it apart."""
    if not frames[0].has_geometry or len(frames) < 2:
        return [_Part(frames)]
    if _has_conflicts(frames):
        ways = (by_header, by_order, by_any_attribute, by_turn)
        found = next((parts for way in ways if (parts := way(frames, _without_conflicts))), None)
        if found:
            return [part for each in found for part in _without_gaps(each, limits)]
    elif not _makes_a_volume(frames):
        found = by_header(frames, _makes_a_volume)
        if found:
            return list(map(_Part, found))
    return _without_gaps(frames, limits)


def _without_gaps(frames: list[Frame], limits: ReadLimits) -> list[_Part]:
    """Split into regular blocks what makes no volume because slices are missing."""

    def accept(part: Sequence[Frame]) -> bool:
        return _makes_a_volume(part, limits)

    if len(frames) < 2 or _makes_a_volume(frames):
        return [_Part(frames)]
    found = regular_blocks(frames, accept)
    if found is None:
        return [_Part(frames)]
    parts, missing = found
    return [_Part(part, (missing,)) for part in parts]


def _makes_a_volume(frames: Sequence[Frame], limits: ReadLimits | None = None) -> bool:
    """Tell whether frames can be laid out; with ``limits`` also whether they cover enough."""
    try:
        layout = lay_out(frames, title_of(0))
        if limits is not None:
            check_extent(layout.grid, limits, title_of(0))
    except InputError:
        return False
    return True


def _without_conflicts(frames: Sequence[Frame]) -> bool:
    return not _has_conflicts(frames)


def _has_conflicts(frames: Sequence[Frame]) -> bool:
    """Tell whether several pictures lie at one place, other than where slabs of one scan meet."""
    along = np.sort(distances(frames))
    shared = bool((np.diff(along) < SAME_PLACE_MM).any())
    return shared and not (are_slabs(frames) and _makes_a_volume(frames))
