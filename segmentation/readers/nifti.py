"""Reader of NIfTI-1 and NIfTI-2, compressed or not, in one file or as a pair of ``.hdr`` and ``.img``.

nibabel interprets the header; the bytes are read here, because nibabel allocates what a header promises.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
from pathlib import Path
from typing import IO, Any, cast

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError

from segmentation.core.errors import BadGeometry, NotAVolume, NotHounsfield, UnreadableFile, UnsupportedFormat
from segmentation.core.geometry import Grid, Shape3
from segmentation.core.nifti_header import affine_mm, mm_per_unit
from segmentation.core.notes import Note, note
from segmentation.readers.header_values import data_file
from segmentation.readers.imagefile import ImageFile, Voxels, check_size, check_spacing, volume_shape
from segmentation.readers.limits import ReadLimits
from segmentation.readers.streams import (
    GZIP_MAGIC,
    check_end,
    check_promise,
    file_size,
    read_exactly,
    reading,
)

PAIR = (".hdr", ".img", ".hdr.gz", ".img.gz")
"""Endings of a header and of its voxels in a file of the same name."""

_MAX_OFFSET = 64 * 1024**2  # header extensions larger than this are not believed
_SMALLEST, _LARGEST = 1e-6, 1e4  # a pixdim beyond them is no spacing in any unit
_RGB = {128, 2304}
_COMPLEX = {32, 1792, 2048}
_quiet = logging.getLogger("segmentation.readers.nifti.header")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


def open_nifti(path: Path, limits: ReadLimits) -> ImageFile:
    """Read and check the header of ``path``.

    Raises:
        UnreadableFile, UnsupportedFormat, NotAVolume, BadGeometry, TooLarge: see the package's documentation.
    """
    is_pair = path.name.lower().endswith(PAIR)
    path, data_path = _pair(path) if is_pair else (path, path)
    name = path.name
    with reading(name):
        with _open(path, _is_compressed(path)) as stream:
            header = _read_header(stream, name, is_pair)
        compressed = _is_compressed(data_path)
    dim = [int(n) for n in header["dim"]]
    if not 1 <= dim[0] <= 7:
        raise UnreadableFile("nifti.axes", name=name, axes=dim[0])
    stored_type = _voxel_type(header, name)
    shape = volume_shape(dim[1 : dim[0] + 1], name)
    promised = check_size(shape, stored_type.itemsize, limits, name)
    offset = _data_offset(header, name, 0 if is_pair else header.single_vox_offset)
    check_promise(file_size(data_path) - (0 if compressed else offset), promised, compressed, name)
    slope, inter = _scaling(header, name)
    grid, header, notes = _placed(header, shape, name)

    def load() -> Voxels:
        with reading(name), _open(data_path, compressed) as voxels:
            read_exactly(voxels, offset, name)
            data = read_exactly(voxels, promised, name)
            if compressed:
                check_end(voxels, name)
        return Voxels(np.frombuffer(data, dtype=stored_type).reshape(shape, order="F"))

    return ImageFile(
        name=name,
        format="NIfTI-2" if isinstance(header, nib.Nifti2Header) else "NIfTI-1",
        grid=grid,
        stored_type=stored_type,
        load=load,
        slope=slope,
        inter=inter,
        header=header,
        notes=notes,
    )


def _pair(path: Path) -> tuple[Path, Path]:
    """Return header and voxels of a pair. Raises UnsupportedFormat or UnreadableFile if one is a link or missing."""
    ending = next(each for each in sorted(PAIR, key=len, reverse=True) if path.name.lower().endswith(each))
    stem = path.name[: -len(ending)]
    case = str.upper if path.name[-len(ending) :].isupper() else str.lower
    header, voxels = (_one_of(path.parent, stem, case(half), case(f"{half}.gz")) for half in (".hdr", ".img"))
    return header, voxels


def _one_of(folder: Path, stem: str, *endings: str) -> Path:
    """Return the file with the first ending that is there."""
    names = [stem + ending for ending in endings]
    return data_file(folder / names[0], next((name for name in names if (folder / name).exists()), names[0]))


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(2)
    if not start:
        raise UnreadableFile("file.empty", name=path.name)
    return start == GZIP_MAGIC  # whatever the name says: servers and browsers unpack and pack on the way


def _open(path: Path, compressed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if compressed else path.open("rb")


def _read_header(stream: IO[bytes], name: str, is_pair: bool) -> Any:
    block = stream.read(540)
    kinds: tuple[Any, ...] = (nib.Nifti1Header, nib.Nifti2Header)
    for kind in kinds:
        size = kind.template_dtype.itemsize
        # The first number of a NIfTI header is its own length.
        if len(block) >= size and block[:4] in (size.to_bytes(4, "little"), size.to_bytes(4, "big")):
            header = kind(block[:size], check=False)
            if header["magic"].item() == kind.single_magic:
                return header
            if header["magic"].item() == kind.pair_magic:
                if is_pair:
                    return header
                raise UnsupportedFormat("nifti.half_a_pair", name=name)
            if is_pair:
                raise UnsupportedFormat("nifti.analyze", name=name)
    raise UnreadableFile("nifti.not_one", name=name)


def read_pair_header(stream: IO[bytes], name: str) -> Any:
    """Read the header of a pair. Raises UnreadableFile or UnsupportedFormat."""
    return _read_header(stream, name, is_pair=True)


def joined_header(header: Any, name: str) -> tuple[bytes, int]:
    """Make of a pair's header that of one file; return its bytes, and where the voxels begin in the other file."""
    start = _data_offset(header, name, 0)
    header = header.copy()
    header["magic"], header["vox_offset"] = header.single_magic, header.single_vox_offset
    return header.binaryblock + bytes(header.single_vox_offset - header.template_dtype.itemsize), start


def _voxel_type(header: Any, name: str) -> np.dtype[Any]:
    code = int(header["datatype"])
    if code in _RGB:
        raise NotAVolume("nifti.rgb", name=name)
    if code in _COMPLEX:
        raise NotHounsfield("nifti.complex", name=name)
    try:
        voxel_type: np.dtype[Any] = np.dtype(header.get_data_dtype())
    except (HeaderDataError, KeyError) as error:
        raise UnreadableFile("nifti.unknown_voxel_type", name=name, type=code) from error
    if voxel_type.kind not in "iuf" or voxel_type.itemsize > 8:
        raise NotAVolume("nifti.odd_voxel_type", name=name, type=code)
    return voxel_type


def _data_offset(header: Any, name: str, least: int) -> int:
    offset = float(header["vox_offset"])
    if not least <= offset <= _MAX_OFFSET:
        raise UnreadableFile("nifti.voxels_start", name=name, offset=offset)
    return int(offset)


def _checked(header: Any, name: str) -> Any:
    """Return the header after the small repairs that nibabel makes when it loads a file."""
    header = header.copy()
    try:
        header.check_fix(logger=_quiet, error_level=40)
    except HeaderDataError as error:
        raise UnreadableFile("nifti.damaged", name=name, detail=error) from error
    return header


def _scaling(header: Any, name: str) -> tuple[float, float]:
    if np.isinf(header["scl_slope"]) or np.isinf(header["scl_inter"]):  # nibabel reads the stored values then
        raise UnreadableFile("nifti.scaling", name=name)
    try:
        slope, inter = header.get_slope_inter()
    except HeaderDataError as error:
        raise UnreadableFile("nifti.scaling", name=name) from error
    return (1.0 if slope is None else float(slope), 0.0 if inter is None else float(inter))


def _placed(header: Any, shape: Shape3, name: str) -> tuple[Grid, Any, tuple[Note, ...]]:
    """Return the grid in mm, the header that a mask on it repeats, and what was assumed or converted.

    A coded sform places the image without the pixdim; the qform and the oldest method need it.
    """
    pixdim = [float(s) for s in header["pixdim"][1:4]]
    header = _checked(header, name)  # an unknown code becomes 0
    notes = _keep_sound_forms(header, shape)
    has_sform, has_qform = int(header["sform_code"]) > 0, int(header["qform_code"]) > 0
    if not has_sform:
        check_spacing(pixdim, name)
    try:
        grid = Grid(shape, affine_mm(header))
    except (ValueError, HeaderDataError) as error:
        raise BadGeometry("nifti.rotation", name=name) from error
    if has_sform and not all(_SMALLEST <= size <= _LARGEST for size in pixdim):
        # Programs that take the pixdim for the spacing would put a mask elsewhere.
        header["pixdim"][1:4] = np.array(grid.spacing_mm) / mm_per_unit(header)
    if mm_per_unit(header) != 1:
        notes.append(note("units", unit="m" if mm_per_unit(header) > 1 else "µm"))
    if not (has_sform or has_qform):
        notes.append(note("no_orientation", orientation=grid.orientation))
    return grid, header, tuple(notes)


def _keep_sound_forms(header: Any, shape: Shape3) -> list[Note]:
    """Set the code of a form to 0 that places no voxel anywhere where the other does, so that a mask lies there, too.

    Two that place the image differently both stay, as a mask follows its CT then whichever a program takes.
    """
    if int(header["sform_code"]) <= 0 or int(header["qform_code"]) <= 0:
        return []
    from_sform, from_qform = _grid_of(header, "qform_code", shape), _grid_of(header, "sform_code", shape)
    if from_sform is None and from_qform is not None:
        header["sform_code"] = 0
        return [note("sform_unusable")]
    if from_sform is None or from_qform is None:
        header["qform_code"] = 0 if from_sform else header["qform_code"]
        return []
    half = min(from_sform.spacing_mm) / 2
    if from_sform.shear_shows or from_sform.matches(from_qform, tolerance_mm=half):
        return []
    return [note("forms_differ", distance=from_sform.furthest_mm(from_qform))]


def _grid_of(header: Any, unused: str, shape: Shape3) -> Grid | None:
    """Return the grid of one form alone, ``unused`` being the code of the other; None where it is none."""
    alone = header.copy()
    alone[unused] = 0
    if unused == "sform_code" and not all(_SMALLEST <= float(s) <= _LARGEST for s in header["pixdim"][1:4]):
        return None
    with contextlib.suppress(ValueError, HeaderDataError, BadGeometry):
        return Grid(shape, affine_mm(alone))
    return None
