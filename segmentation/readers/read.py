"""Read a CT or a label map of any supported format, or look at what a file holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.core.errors import InputError, UnreadableFile, UnsupportedFormat
from segmentation.core.geometry import Grid
from segmentation.core.messages import Name
from segmentation.core.notes import note, sentences
from segmentation.core.volume import LabelMap, Volume
from segmentation.readers.dicom.reader import is_dicom, open_dicom
from segmentation.readers.imagefile import ImageFile, check_extent, check_place
from segmentation.readers.limits import DEFAULT_LIMITS, ReadLimits
from segmentation.readers.several_files import DETACHED_SUFFIXES, SUFFIXES
from segmentation.readers.streams import kind_of
from segmentation.readers.values import ValueRange, check_hounsfield, check_offset, measure_range, to_hu

Opener = Callable[[Path, ReadLimits], ImageFile]


def _open_nifti(path: Path, limits: ReadLimits) -> ImageFile:
    from segmentation.readers.nifti import open_nifti  # nibabel takes half a second to import

    return open_nifti(path, limits)


def _open_nrrd(path: Path, limits: ReadLimits) -> ImageFile:
    from segmentation.readers.nrrd import open_nrrd

    return open_nrrd(path, limits)


def _open_metaimage(path: Path, limits: ReadLimits) -> ImageFile:
    from segmentation.readers.metaimage import open_metaimage

    return open_metaimage(path, limits)


_OPENERS: dict[str, Opener] = {
    ".nrrd": _open_nrrd,
    ".nhdr": _open_nrrd,
    ".mha": _open_metaimage,
    ".mhd": _open_metaimage,
}
_ROUNDING = 1e-3  # of 32-bit slopes, not worth a note


@dataclass(frozen=True, eq=False)
class Inspection:
    """Description of a file, with every reason for which it would be refused.

    Attributes:
        name: File name.
        format: ``"NIfTI-1"`` …; empty where the header could not be read.
        grid: Geometry; None where the header could not be read.
        stored_type: Type of the voxels in the file, for instance ``"int16"``.
        hu_range: Smallest and largest value in HU; None where the voxels could not be read.
        problems: Every reason for which ``read_volume`` would refuse the file.
        notes: What is unusual but accepted.
    """

    name: Name
    format: str = ""
    grid: Grid | None = None
    stored_type: str = ""
    hu_range: tuple[float, float] | None = None
    problems: list[InputError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_volume(path: Path, limits: ReadLimits = DEFAULT_LIMITS, series: str = "") -> Volume:
    """Read a CT.

    Args:
        path: A ``.nii``, ``.nii.gz``, ``.nrrd`` or ``.mha`` file; or DICOM: a folder, a DICOMDIR, a zip, a file.
        limits: Checked against the header, before memory is used.
        series: Of DICOM, the UID or number of a series; without it the one that is proposed is read.

    Returns:
        Volume: HU on the file's grid, in its axis order; int16 where all values are integers, else float32.

    Raises:
        InputError: one of the children listed in the package's documentation.
    """
    image = open_image(path, limits, series)
    check_extent(image.grid, limits, image.name)
    image, stored, found = _load(image)
    check_hounsfield(found, image.name)
    hu = to_hu(stored, image.slope, image.inter, found)
    check_offset(hu, found, image.name)
    return Volume(hu, image.grid, image.header, image.notes)


def read_label_map(path: Path, limits: ReadLimits = DEFAULT_LIMITS) -> LabelMap:
    """Read a segmentation; its numbers are kept.

    Returns:
        LabelMap: kind ``"vertebrae"`` if any label is greater than 1, else ``"spine"``.

    Raises:
        InputError: as for a CT, or the values are not whole numbers from 0 to 255.
    """
    image = open_image(path, limits)
    check_place(image.grid, image.name)
    image, stored, found = _load(image, are_labels=True)
    if not found.are_labels:
        raise InputError("image.not_a_label_map", name=image.name, low=found.low, high=found.high)
    labels: NDArray[Any] = stored
    if stored.dtype.kind == "f" or (image.slope, image.inter) != (1.0, 0.0):
        labels = np.rint(np.nan_to_num(stored * image.slope + image.inter, nan=0.0))
    notes = image.notes
    if found.deviation > _ROUNDING:
        notes += (note("labels_rounded", most=found.deviation),)
    kind = "vertebrae" if round(found.high) > 1 else "spine"
    return LabelMap(labels.astype(np.uint8, copy=False), image.grid, kind, image.header, notes)


def inspect(path: Path, limits: ReadLimits = DEFAULT_LIMITS, series: str = "") -> Inspection:
    """Look at a file and list what is wrong with it instead of stopping at the first thing."""
    try:
        image = open_image(path, limits, series)
    except InputError as error:
        return Inspection(path.name, problems=[error])
    result = Inspection(image.name, image.format, image.grid, str(image.stored_type), notes=sentences(image.notes))
    _collect(result.problems, lambda: check_extent(image.grid, limits, image.name))
    try:
        image, stored, found = _load(image)
    except InputError as error:
        result.problems.append(error)
        return result
    result = replace(result, grid=image.grid, notes=sentences(image.notes))
    _collect(result.problems, lambda: _check_values(image, stored, found))
    return replace(result, hu_range=(found.low, found.high))


def open_image(path: Path, limits: ReadLimits = DEFAULT_LIMITS, series: str = "") -> ImageFile:
    """Open an image of any supported format and read its header. Raises InputError's children."""
    if not path.exists():
        raise UnreadableFile("file.missing", name=path.name)
    opener = _opener_of(path)
    if opener is not None:
        return _with_note_of_shear(opener(path, limits))
    if is_dicom(path):
        return _with_note_of_shear(open_dicom(path, limits, series, lambda other: open_image(other, limits)))
    raise UnsupportedFormat("file.unknown_type", name=path.name, suffixes=SUFFIXES)


def _opener_of(path: Path) -> Opener | None:
    """Choose by what the file holds, and by its name where that says nothing; None for DICOM and unknown files."""
    if not path.is_file():
        return None
    name = path.name.lower()
    suffix = next((each for each in (*SUFFIXES, *DETACHED_SUFFIXES) if name.endswith(each)), "")
    if suffix in DETACHED_SUFFIXES and not (suffix == ".img" and is_dicom(path)):
        return _OPENERS.get(suffix, _open_nifti)
    kind = kind_of(path)
    if kind == "DICOM":
        return None
    by_name = _OPENERS.get(suffix, _open_nifti) if suffix in SUFFIXES else None
    return {"NRRD": _open_nrrd, "MetaImage": _open_metaimage, "NIfTI": _open_nifti}.get(kind, by_name)


def _with_note_of_shear(image: ImageFile) -> ImageFile:
    if not image.grid.shear_shows:
        return image
    axes = image.grid.affine[:3, :3] / np.array(image.grid.spacing_mm)
    cosines = np.abs(axes.T @ axes - np.eye(3))
    degrees = float(np.degrees(np.arcsin(min(1.0, cosines.max()))))
    return replace(image, notes=(*image.notes, note("sheared", degrees=degrees)))


def _load(image: ImageFile, are_labels: bool = False) -> tuple[ImageFile, NDArray[Any], ValueRange]:
    """Read the voxels; return the image as they showed it to be, its voxels and their range."""
    voxels = image.load()
    found = measure_range(voxels.stored, image.slope, image.inter)
    notes = (*image.notes, *voxels.notes)
    if found.not_finite:
        percent = 100 * found.not_finite
        notes += (note("labels_not_numbers", percent=percent) if are_labels else note("not_numbers", percent=percent),)
    return replace(image, grid=voxels.grid or image.grid, notes=notes), voxels.stored, found


def _check_values(image: ImageFile, stored: NDArray[Any], found: ValueRange) -> None:
    check_hounsfield(found, image.name)
    check_offset(to_hu(stored, image.slope, image.inter, found), found, image.name)


def _collect(problems: list[InputError], check: Callable[[], None]) -> None:
    try:
        check()
    except InputError as error:
        problems.append(error)
