"""Writer of NIfTI files whose geometry equals the input's to the last bit.

The header is copied byte for byte and only what describes the voxels is replaced; nibabel's image classes are
not used, because they may rewrite qform and sform. Free text and extensions are dropped: they can hold names
of patients.
"""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from segmentation.core.atomic import atomic_path
from segmentation.core.geometry import Grid
from segmentation.core.nifti_header import affine_mm
from segmentation.core.volume import LabelMap, Volume

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

_TEXTS = ("data_type", "descrip", "aux_file", "intent_name", "db_name")
_COMPRESSION = 6


def write_nifti(label_map: LabelMap, path: Path) -> None:
    """Write a mask as uint8 on its grid, with the qform, sform and units of ``label_map.header``.

    Args:
        label_map: (I, J, K) labels.
        path: Ends in ``.nii`` or ``.nii.gz``. The file appears whole or not at all.
    """
    _write(np.asarray(label_map.labels, dtype=np.uint8), label_map.grid, label_map.header, path)


def write_volume(volume: Volume, path: Path) -> None:
    """Write a CT in HU (int16 or float32) as ``write_nifti`` writes a mask, after ``volume.header``."""
    _write(np.asarray(volume.hu), volume.grid, volume.header, path)


def header_for(grid: Grid) -> Nifti1Header:
    """Make a NIfTI-1 header for a grid that did not come from NIfTI: sform and qform both "scanner", mm.

    A qform has no shear: where that would move a voxel by more than half of one, only the sform is coded. ITK then
    refuses the file in a sentence instead of showing the mask beside its CT.
    """
    from nibabel.nifti1 import Nifti1Header  # half a second to import

    header = Nifti1Header()
    header.set_data_shape(grid.shape)
    header.set_qform(grid.affine, code="unknown" if grid.shear_shows else "scanner", strip_shears=True)
    header.set_sform(grid.affine, code="scanner")
    header.set_xyzt_units("mm")
    return header


def _write(array: NDArray[Any], grid: Grid, source: Any, path: Path) -> None:
    from nibabel.nifti1 import data_type_codes

    header = (header_for(grid) if source is None else source).copy()
    if tuple(int(n) for n in header["dim"][1:4]) != grid.shape:
        raise ValueError(f"header for {header['dim'][1:4]} voxels and a grid of {grid.shape}")
    header["dim"] = (3, *grid.shape, 1, 1, 1, 1)
    if not np.allclose(affine_mm(header), grid.affine, rtol=1e-5, atol=1e-3):
        raise ValueError("the header places the voxels elsewhere than the grid")
    header["datatype"] = data_type_codes.code[array.dtype.newbyteorder("=")]
    header["bitpix"] = array.dtype.itemsize * 8
    header["vox_offset"] = header.single_vox_offset
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["cal_min"] = header["cal_max"] = 0
    header["intent_code"] = 0
    header["magic"] = header.single_magic
    for text in set(_TEXTS) & set(header.keys()):
        header[text] = b""
    padding = bytes(header.single_vox_offset - header.template_dtype.itemsize)
    stored = array.astype(array.dtype.newbyteorder(header.endianness), copy=False)
    with atomic_path(path) as partial, partial.open("xb") as file, _compressing(file, path) as stream:
        stream.write(header.binaryblock + padding)
        for k in range(grid.shape[2]):
            stream.write(stored[:, :, k].tobytes(order="F"))


def _compressing(file: IO[bytes], path: Path) -> contextlib.AbstractContextManager[IO[bytes]]:
    if not path.name.endswith(".gz"):
        return contextlib.nullcontext(file)
    # No name and no time inside, so that the same mask gives the same bytes.
    return cast("contextlib.AbstractContextManager[IO[bytes]]", gzip.GzipFile("", "wb", _COMPRESSION, file, mtime=0))
