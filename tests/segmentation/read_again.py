"""Every scan and label map that a test's reader accepts, read again by SimpleITK, nibabel or dcm2niix.

Voxels and place must be the same, or differ as docs/formats.md says. It runs by itself in every test of the engine: an
input that nobody compares cannot be added.
"""

from __future__ import annotations

import contextlib
import gzip
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from nibabel.filebasedimages import ImageFileError
from numpy.typing import NDArray

from segmentation.core.geometry import Grid
from segmentation.core.volume import LabelMap, Volume
from segmentation.readers import read as reader
from segmentation.readers.dicom import reader as dicom_reader
from segmentation.readers.imagefile import ImageFile
from segmentation.readers.nifti import PAIR
from segmentation.readers.streams import kind_of
from tests.segmentation.readers.dicom.other_readers import DCM2NIIX, by_dcm2niix

Reading = tuple[NDArray[Any], NDArray[np.float64]]  # (I, J, K) values and RAS+ affine
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
VALUES, PLACE, ALL = "values", "place", "all"

DIFFERENCES: dict[str, tuple[str, str]] = {
    # note: what differs from the other programs, and the row of docs/formats.md that says so
    "not_numbers": (VALUES, "NaN"),
    "labels_not_numbers": (VALUES, "NaN"),
    "labels_rounded": (VALUES, "labels near whole numbers"),
    "intensity_function": (VALUES, "units and intensity function of MetaImage"),
    "damaged": (VALUES, "images or slices that are missing, damaged or twice"),
    "units": (PLACE, "units, `axis mins` and `axis maxs`, thicknesses of NRRD"),
    "thickness_as_spacing": (PLACE, "units, `axis mins` and `axis maxs`, thicknesses of NRRD"),
    "no_anatomy": (PLACE, "a space of NRRD that names no anatomy"),
    "sform_unusable": (PLACE, "a sform that places no voxel, beside a qform"),
    "forms_differ": (PLACE, "a sform and a qform that differ"),
    "sheared": (PLACE, "a sheared sform alone"),
    "header_lines": (PLACE, "lines of a MetaImage header that are none, or names in other letters"),
    **dict.fromkeys(
        ("gap", "duplicates", "slabs", "damaged_end", "damaged_copy"),
        (ALL, "images or slices that are missing, damaged or twice"),
    ),
    **dict.fromkeys(("tilt", "unequal"), (ALL, "a tilted gantry, unequal distances")),
}
REFUSED_THERE = "files that no other program here reads"
NO_SIZE = (VALUES, "MetaImage that is compressed without `CompressedDataSize`")
PADDING = (VALUES, "DICOM's padding")
UPPER_BITS = (VALUES, "values at the upper end of their words")
BZIP2 = (ALL, "NRRD with bzip2")
ROUNDED = (PLACE, "axes of DICOM that were rounded")
DRIFT = (PLACE, "slices that drift sideways by less than half a pixel")
FRACTIONS = (VALUES, "a rescale slope that is no whole number")


class Last(threading.local):
    """What a thread opened last: servers under test read several files at a time."""

    path: Path = Path()
    frames: tuple[tuple[str, int], ...] = ()

    @property
    def files(self) -> list[Path]:
        """The files of the series."""
        return [Path(path) for path in dict.fromkeys(path for path, _ in self.frames)]


@dataclass
class Comparisons:
    """What was compared in a session, and what had no explanation."""

    done: int = 0
    explained: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    last: Last = field(default_factory=Last)

    def compare(self, values: NDArray[Any], affine: NDArray[np.float64], notes: tuple[Any, ...]) -> None:
        """Compare what was read of the last file with what other programs read."""
        self.done += 1
        path, files = self.last.path, self.last.files
        damage = [DIFFERENCES[note.code][1] for note in notes if note.code in ("damaged", "damaged_end")]
        if damage and len(self.last.frames) > len(files):  # decoders of damaged frames may end the process there
            self.explained[damage[0]] = self.explained.get(damage[0], 0) + 1
            return
        with tempfile.TemporaryDirectory() as folder:
            readings = list(series(self.last.frames, Path(folder)) if files else single(path, Path(folder)))
        found = [agreement(values, affine, *reading) for reading in readings]
        if (True, True) in found:
            return
        if not found:
            self.explained[REFUSED_THERE] = self.explained.get(REFUSED_THERE, 0) + 1
            return
        reasons = [DIFFERENCES[note.code] for note in notes if note.code in DIFFERENCES]
        reasons += of_header(files, path)
        if files and not np.allclose(Grid(values.shape, affine).upright.affine, affine, atol=1e-5):
            reasons.append(DRIFT)
        for what, row in reasons:
            if what == ALL or (what == VALUES, what == PLACE) in [(not a, not b) for a, b in found]:
                self.explained[row] = self.explained.get(row, 0) + 1
                return
        what = {reason for reason, _ in reasons}
        if what >= {VALUES, PLACE}:
            return
        codes = [note.code for note in notes]
        self.faults.append(f"{path.name}: same values and place in other programs: {found}; notes {codes}")


def agreement(
    values: NDArray[Any], affine: NDArray[np.float64], others: NDArray[Any], place: NDArray[np.float64]
) -> tuple[bool, bool]:
    """Whether values, and place, of another reading are the same, in whatever order of axes it came."""
    others = others.reshape([n for n in others.shape if n > 1]) if others.ndim > 3 else others
    if others.ndim != 3 or sorted(others.shape) != sorted(values.shape):
        return False, False
    if not np.isfinite(place).all() or abs(np.linalg.det(place)) < 1e-9:  # no place at all
        return values.shape == others.shape and bool(np.allclose(values, others, rtol=1e-5, atol=1e-3)), False
    try:
        with np.errstate(over="ignore"):  # a damaged spacing may be larger than a header's own numbers
            ours, theirs = (
                nib.as_closest_canonical(nib.Nifti1Image(array.astype(np.float64), where))
                for array, where in ((values, affine), (others, place))
            )
    except (ValueError, np.linalg.LinAlgError):
        return False, False
    same_place = ours.shape == theirs.shape and np.allclose(ours.affine, theirs.affine, atol=1e-3)
    if same_place:
        return bool(np.allclose(ours.get_fdata(), theirs.get_fdata(), rtol=1e-5, atol=1e-3)), True
    same_values = values.shape == others.shape and np.allclose(values, others, rtol=1e-5, atol=1e-3)
    return bool(same_values), False


def single(path: Path, folder: Path) -> Iterator[Reading]:
    """Readings of one file, in what it is by its content, by SimpleITK, and by nibabel of NIfTI."""
    name = path.name.lower()
    if name.endswith((".nhdr", ".mhd", *PAIR)):
        for other in path.parent.iterdir():  # with its voxels, under their own name; pairs go by the case of theirs
            if other.is_file() and other.name.lower().endswith(PAIR):
                (folder / other.name.lower().removesuffix(".gz")).write_bytes(unpacked(other))
            elif other.is_file():
                shutil.copy(other, folder)
        path = folder / (name.removesuffix(".gz") if name.endswith(PAIR) else path.name)
    else:
        suffix = next((s for s in (".nii.gz", ".nii", ".nrrd", ".mha") if name.endswith(s)), "")
        suffix = {"NIfTI": ".nii", "NRRD": ".nrrd", "MetaImage": ".mha"}.get(kind_of(path), suffix)
        data = unpacked(path)
        path = folder / f"plain{suffix.removesuffix('.gz')}"
        path.write_bytes(data)
    if path.suffix in (".nii", ".hdr", ".img"):
        try:
            image: Any = nib.load(path)
            affine = image.affine.copy()
            unit = int(image.header["xyzt_units"]) % 8  # nibabel's own get_xyzt_units() knows no damaged ones
            affine[:3] *= {1: 1e3, 3: 1e-3}.get(unit, 1.0)
            yield np.asarray(image.dataobj), affine
        except (ImageFileError, OSError, ValueError):
            pass
    try:
        yield of_itk(sitk.ReadImage(str(path)))
    except RuntimeError:
        return


def unpacked(path: Path) -> bytes:
    """Bytes of a file, unpacked if it is gzip-compressed as a whole."""
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def series(frames: tuple[tuple[str, int], ...], folder: Path) -> Iterator[Reading]:
    """Readings of one series: by highdicom of multi-frame images, else by SimpleITK in order of position; by dcm2niix.

    ``frames`` are the files and the numbers of their frames, by position.
    """
    files = dict.fromkeys(path for path, _ in frames)
    (folder / "series").mkdir()
    copies = [Path(shutil.copy(path, folder / "series" / f"{n:05d}.dcm")) for n, path in enumerate(files)]
    if len(frames) > len(files):
        with contextlib.suppress(AttributeError):  # it wants every UID
            yield from by_highdicom(frames)
    else:
        with contextlib.suppress(RuntimeError):
            yield of_itk(sitk.ReadImage([str(path) for path in copies] if len(copies) > 1 else str(copies[0])))
    if DCM2NIIX:
        try:
            yield by_dcm2niix(folder / "series", folder / "converted")
        except (OSError, ImageFileError, subprocess.CalledProcessError):
            return


def by_highdicom(frames: tuple[tuple[str, int], ...]) -> Iterator[Reading]:
    """Reading of frames of multi-frame images, sorted and placed by highdicom; none where they make no grid there."""
    pictures: list[NDArray[Any]] = []
    positions: list[list[float]] = []
    for path in dict.fromkeys(path for path, _ in frames):
        image = hd.imread(little_endian(path))
        numbers = [index for each, index in frames if each == path]
        pictures += list(image.get_frames([n + 1 for n in numbers], apply_real_world_transform=False))
        positions += [list(_group(image, n, "PlanePositionSequence").ImagePositionPatient) for n in numbers]
    orientation = list(_group(image, numbers[0], "PlaneOrientationSequence").ImageOrientationPatient)
    spacing, order = hd.spatial.get_volume_positions(positions, orientation)
    if spacing is None or order is None:
        return
    geometry = hd.VolumeGeometry.from_attributes(
        image_position=positions[order.index(0)],
        image_orientation=orientation,
        rows=image.Rows,
        columns=image.Columns,
        pixel_spacing=list(_group(image, numbers[0], "PixelMeasuresSequence").PixelSpacing),
        spacing_between_slices=spacing,
        number_of_frames=len(frames),
        coordinate_system="PATIENT",
    )
    stacked = np.stack([pictures[order.index(n)] for n in range(len(frames))])
    axes = geometry.affine[:, [2, 1, 0, 3]]  # of slices, rows and columns there
    yield stacked.transpose(2, 1, 0), LPS @ axes


def little_endian(path: str) -> str | BytesIO:
    """Give a big-endian file, which highdicom refuses, in little-endian."""
    dataset = pydicom.dcmread(path, force=True)
    if dataset.original_encoding[1] is not False:
        return path
    words = np.frombuffer(dataset.PixelData, ">u2").astype("<u2")
    dataset.decode()
    dataset["PixelData"].value = words.tobytes()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    file = BytesIO()
    pydicom.dcmwrite(file, dataset, implicit_vr=False, little_endian=True, force_encoding=True)
    file.seek(0)
    return file


def _group(image: pydicom.Dataset, number: int, name: str) -> pydicom.Dataset:
    """A functional group of a frame, from 0, or of all frames."""
    own, shared = image.PerFrameFunctionalGroupsSequence[number], image.SharedFunctionalGroupsSequence[0]
    found: pydicom.Dataset = (own if name in own else shared)[name].value[0]
    return found


def rows() -> set[str]:
    """Return the rows of docs/formats.md that give reasons."""
    given = [row for _, row in DIFFERENCES.values()]
    return {
        *given,
        REFUSED_THERE,
        *(row for _, row in (NO_SIZE, PADDING, UPPER_BITS, BZIP2, FRACTIONS, ROUNDED, DRIFT)),
    }


def of_itk(image: sitk.Image) -> Reading:
    """Return values and RAS+ affine, of four dimensions those of space."""
    axes = np.eye(4)
    count = image.GetDimension()
    direction = np.array(image.GetDirection()).reshape(count, count)
    axes[:3, :3] = (direction * image.GetSpacing())[:3, :3]
    axes[:3, 3] = image.GetOrigin()[:3]
    return sitk.GetArrayFromImage(image).T, LPS @ axes


def of_header(files: list[Path], path: Path) -> list[tuple[str, str]]:
    """Why a reading may differ although there is no note."""
    if not files:
        start = path.read_bytes()[:2000].lower()
        no_size = b"compresseddata = true" in start and b"compresseddatasize" not in start
        return [*([BZIP2] if b"encoding: bz" in start else []), *([NO_SIZE] if no_size else [])]
    reasons = []
    first = pydicom.dcmread(files[0], stop_before_pixels=True, force=True)
    if "PixelPaddingValue" in first:
        reasons.append(PADDING)
    if int(first.get("HighBit", 0)) >= int(first.get("BitsStored", 16)):
        reasons.append(UPPER_BITS)
    orientation = np.array(first.get("ImageOrientationPatient") or np.zeros(6), dtype=float)
    if abs(orientation[:3] @ orientation[3:]) > 1e-4:
        reasons.append(ROUNDED)
    if not float(first.get("RescaleSlope", 1) or 1).is_integer():
        reasons.append(FRACTIONS)
    return reasons


@pytest.fixture(scope="session")
def comparisons() -> Iterator[Comparisons]:
    """Look over the readers' shoulder for the whole session."""
    found = Comparisons()
    open_image, load_voxels = reader.open_image, dicom_reader.load_voxels

    def opening(path: Path, *rest: Any, **named: Any) -> ImageFile:
        found.last.path, found.last.frames = path, ()
        return open_image(path, *rest, **named)

    def loading(entry: Any, limits: Any) -> Any:
        found.last.frames = entry.frames
        return load_voxels(entry, limits)

    def volume(hu: Any, grid: Any, header: Any, notes: Any) -> Volume:
        found.compare(hu, grid.affine, notes)
        return Volume(hu, grid, header, notes)

    def label_map(labels: Any, grid: Any, kind: Any, header: Any, notes: Any) -> LabelMap:
        found.compare(labels, grid.affine, notes)
        return LabelMap(labels, grid, kind, header, notes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "open_image", opening)
        patch.setattr(dicom_reader, "load_voxels", loading)
        patch.setattr(reader, "Volume", volume)
        patch.setattr(reader, "LabelMap", label_map)
        yield found


@pytest.fixture(autouse=True)
def every_input_is_read_again(comparisons: Comparisons, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test whose input another program reads otherwise, without a reason that the documentation gives."""
    yield
    faults, comparisons.faults = comparisons.faults, []
    assert not faults, "\n".join(faults)
